//! A file is chosen and sent.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::session::use_session;

/// What the form is called where its problem is left.
const FORM: &str = "upload";

#[component]
pub fn NewPage() -> impl IntoView {
    let session = use_session();
    let flash = session.flash().filter(|flash| flash.form == FORM);
    let typed = flash.as_ref().and_then(|flash| flash.typed.get("kind").cloned());
    let asked = use_query_map().get_untracked().get("kind");
    let kind = typed.or(asked).unwrap_or_default();
    let problem = flash.and_then(|flash| flash.problem).map(|problem| problem.detail);
    let option = |value: &'static str, words: &'static str| {
        let selected = value == kind;
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    };
    let options = [option("contacts", "Contacts"), option("appointments", "Appointments")].collect_view();
    view! {
        <Title text="New import" />
        <div class="mx-auto flex max-w-xl flex-col gap-4 p-4">
            <div>
                <h1>"Import a file"</h1>
                <p class="text-muted">
                    "A CSV file, as every spreadsheet and every other system can save it. You see how it is read before anything is saved."
                </p>
            </div>
            <form method="post" action="/imports/upload" enctype="multipart/form-data" class="flex flex-col gap-4">
                <p role="alert" class="text-sm font-semibold text-error empty:hidden">{problem}</p>
                <div class="flex flex-col gap-1">
                    <label for="import-kind" class="field-label">
                        "What the file holds"
                    </label>
                    <select id="import-kind" name="kind" class="select w-full">
                        {options}
                    </select>
                </div>
                <div class="flex flex-col gap-1">
                    <label for="import-file" class="field-label">
                        "File"
                    </label>
                    <input
                        id="import-file"
                        type="file"
                        name="file"
                        accept=".csv,.tsv,.txt,text/csv,text/plain"
                        required
                        class="file-input min-h-11 w-full"
                        aria-describedby="import-file-note"
                    />
                    <p id="import-file-note" class="field-hint">
                        "Up to 32 MB and 200,000 rows. With commas, semicolons or tabs; the first row names the columns."
                    </p>
                </div>
                <button type="submit" class="btn btn-primary min-h-11">
                    "Upload and look at it"
                </button>
            </form>
            <a class="link w-fit" href="/imports">
                "Earlier imports"
            </a>
        </div>
    }
}
