//! The API's log: what programs asked, what they were told, and the same to be tried by hand.

use contract::integrations::{RequestLog, RequestQuery, RequestRow};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    components::{Awaited, CopyLine, Empty, Pager, Timestamp},
    error::AppError,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/settings/keys/log";

/// A page of the log, and what is wrong with what was asked.
type Shown = (RequestLog, Option<String>);

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn read_api_log(#[server(default)] asked: RequestQuery) -> Result<Shown, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    match services::integrations::requests::list(&s, &actor, asked).await {
        Ok(log) => Ok((log, None)),
        // What was typed into the form is said beside it.
        Err(error) if error.problem().code == contract::Code::Malformed => {
            Ok((RequestLog::default(), Some(error.problem().detail)))
        }
        Err(error) => Err(error.into()),
    }
}

fn pairs(asked: &RequestQuery) -> Vec<(&'static str, Option<String>)> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    vec![
        ("search", given(&asked.search)),
        ("key", given(&asked.key)),
        ("show", given(&asked.show)),
    ]
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| RequestQuery {
            key: query.get("key"),
            show: query.get("show"),
            search: query.get("search"),
            cursor: query.get("cursor"),
        })
    });
    let found = Resource::new_blocking(move || asked.get(), read_api_log);
    let body = move |(log, note): Shown| view! { <Log log note asked=asked.get_untracked() /> };
    view! {
        <Title text="API log" />
        <div class="flex max-w-4xl flex-col gap-4 p-4">
            <div>
                <h1>"API log"</h1>
                <p class="text-muted">
                    "What programs asked in the last 90 days, the latest first. Phone numbers are masked, and of what was sent the first 4 kB are kept. "
                    <a class="link" href="/settings/keys">"API keys"</a>
                </p>
            </div>
            <Awaited from=found view=body />
        </div>
    }
}

#[component]
fn Log(log: RequestLog, note: Option<String>, asked: RequestQuery) -> impl IntoView {
    let narrowed = pairs(&asked).iter().any(|(_, value)| value.is_some());
    let further = log.page.next_cursor.is_some();
    let empty = (log.page.data.is_empty() && note.is_none()).then(|| {
        let next_step = match (narrowed, further) {
            (true, true) => "Nothing among the requests looked through so far. Look further back below.",
            (true, false) => "No request fits. Take a filter away.",
            _ => "What a program asks with a key stands here.",
        };
        view! { <Empty title="Nothing here" next_step /> }
    });
    let url = log.url;
    let rows = log.page.data.into_iter();
    let rows = rows.map(|row| view! { <Line row url=url.clone() /> }).collect_view();
    view! {
        <Filters keys=log.keys asked=asked.clone() narrowed />
        <p role="status" class="text-sm font-semibold empty:hidden">{note}</p>
        {empty}
        <ol class="panel divide-y divide-base-300 empty:hidden">{rows}</ol>
        <Pager
            path=PATH.to_owned()
            filter=pairs(&asked)
            cursor=asked.cursor.filter(|cursor| !cursor.is_empty())
            next=log.page.next_cursor
        />
    }
}

/// A form that leads to the same page, narrowed: it works without a script.
#[component]
fn Filters(keys: Vec<(String, String)>, asked: RequestQuery, narrowed: bool) -> impl IntoView {
    let chosen = asked.key.unwrap_or_default();
    let keys = std::iter::once((String::new(), "Every key".to_owned())).chain(keys);
    let keys = keys
        .map(|(id, name)| {
            let selected = id == chosen;
            view! {
                <option value=id selected=selected>
                    {name}
                </option>
            }
        })
        .collect_view();
    let failed = asked.show.as_deref() == Some("failed");
    view! {
        <form method="get" action=PATH class="panel grid gap-3 p-4 sm:grid-cols-2">
            <div class="flex flex-col gap-1">
                <label for="log-search" class="field-label">"Address, method or request id"</label>
                <input id="log-search" name="search" type="search" class="input w-full" value=asked.search autocomplete="off" />
            </div>
            <div class="flex flex-col gap-1">
                <label for="log-key" class="field-label">"Key"</label>
                <select id="log-key" name="key" class="select w-full">{keys}</select>
            </div>
            <label class="flex min-h-11 items-center gap-2.5 md:min-h-8">
                <input type="checkbox" name="show" value="failed" class="checkbox checkbox-sm" checked=failed />
                "Only what did not work"
            </label>
            <div class="flex items-end gap-2">
                <button type="submit" class="btn btn-primary min-h-11">"Show"</button>
                {narrowed.then(|| view! { <a class="btn min-h-11" href=PATH>"Everything"</a> })}
            </div>
        </form>
    }
}

#[component]
fn Line(row: RequestRow, url: String) -> impl IntoView {
    let curl = curl(&row, &url);
    let worked = row.status < 400;
    let status = view! {
        <span class="tabular font-medium" class=("text-error", !worked)>
            {row.status}
        </span>
    };
    let part = |title: &'static str, text: Option<String>| {
        text.map(|text| {
            view! {
                <h2 class="text-sm font-semibold">{title}</h2>
                <pre class="overflow-x-auto rounded bg-base-200 p-2 text-sm"><code>{text}</code></pre>
            }
        })
    };
    view! {
        <li class="p-3" data-status=row.status>
            <details>
                <summary class="flex min-h-11 cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 md:min-h-8">
                    {status}
                    <span class="font-medium">{row.method.clone()}</span>
                    <span class="min-w-0 flex-1 break-all">{row.path.clone()}</span>
                    <span class="text-sm text-muted"><Timestamp at=row.at /></span>
                </summary>
                <div class="flex flex-col gap-2 pt-2">
                    <p class="text-sm text-muted break-words">
                        {row.key} " · " {row.ip} " · " {row.ms} " ms · " <code>{row.request_id}</code>
                    </p>
                    {part("Sent", row.body)}
                    {part("Answered", row.answer)}
                    <CopyLine label="As curl, without the key" text=curl button="Copy as curl" />
                </div>
            </details>
        </li>
    }
}

/// The same request by hand; the key is not known here, so a variable stands in its place.
fn curl(row: &RequestRow, url: &str) -> String {
    let mut line = format!(
        "curl -X {} {} -H \"Authorization: Bearer $SHOWUP_KEY\"",
        row.method,
        quoted(&format!("{url}{}", row.path))
    );
    if let Some(body) = &row.body {
        line.push_str(&format!(" -H {}", quoted(&format!("Content-Type: {}", row.content_type))));
        line.push_str(&format!(" --data-raw {}", quoted(body)));
    }
    line
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_can_be_tried_again_and_nothing_in_it_is_run() {
        let row = RequestRow {
            id: uuid::Uuid::nil(),
            at: chrono::DateTime::UNIX_EPOCH,
            request_id: "1".to_owned(),
            method: "POST".to_owned(),
            path: "/tasks?x='$(reboot)'".to_owned(),
            status: 201,
            ms: 3,
            ip: "::1".to_owned(),
            key: "Website".to_owned(),
            content_type: "application/json".to_owned(),
            body: Some("{\"title\":\"Ann's\"}".to_owned()),
            answer: None,
        };
        assert_eq!(
            curl(&row, "https://showup.test/api/v1"),
            r#"curl -X POST 'https://showup.test/api/v1/tasks?x='\''$(reboot)'\''' -H "Authorization: Bearer $SHOWUP_KEY" -H 'Content-Type: application/json' --data-raw '{"title":"Ann'\''s"}'"#
        );
    }
}
