//! Who changed what: the audit trail, and who changed a page of the settings last.

use contract::{
    Page,
    audit::{AuditChange, AuditChoices, AuditRow, LastChange},
};
use domain::permissions::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use crate::{
    components::{Awaited, Empty, Icon, Pager, TimeFormat, Timestamp},
    error::AppError,
    paths,
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

const PATH: &str = "/settings/audit";

/// What the page is asked for, as its address says it. `person` is a contact's id, or a part of a name or number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    cursor: String,
}

impl Asked {
    fn pairs(&self) -> Vec<(&'static str, Option<String>)> {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        vec![
            ("who", given(&self.who)),
            ("what", given(&self.what)),
            ("person", given(&self.person)),
            ("from", given(&self.from)),
            ("to", given(&self.to)),
        ]
    }

    /// With this person instead.
    fn about(&self, person: &str) -> String {
        let asked = Self {
            person: person.to_owned(),
            ..self.clone()
        };
        let pairs = asked.pairs();
        let pairs: Vec<(&str, Option<&str>)> = pairs.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        paths::with_query(PATH, &pairs)
    }

    fn is_narrowed(&self) -> bool {
        self.pairs().iter().any(|(_, value)| value.is_some())
    }
}

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    choices: AuditChoices,
    page: Page<AuditRow>,
    /// People who may be meant, where that is not clear: ids and names.
    people: Vec<(String, String)>,
    /// The one who is meant.
    person: Option<(String, String)>,
    /// What is wrong with what was asked.
    note: Option<String>,
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn read_audit(#[server(default)] asked: Asked) -> Result<Trail, AppError> {
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    let choices = services::audit::choices(&s, &actor).await?;
    let (person, people, note) = meant(&s, &actor, &asked.person).await?;
    let unclear = person.is_none() && !asked.person.trim().is_empty();
    let query = contract::audit::AuditQuery {
        who: Some(asked.who),
        what: Some(asked.what),
        contact_id: person.as_ref().map(|(id, _)| id.clone()),
        from: Some(asked.from),
        to: Some(asked.to),
        cursor: Some(asked.cursor),
        limit: None,
    };
    if unclear {
        return Ok(Trail {
            choices,
            page: Page::default(),
            people,
            person,
            note,
        });
    }
    let (page, note) = match services::audit::list(&s, &actor, query).await {
        Ok(page) => (page, note),
        // What was typed into the form is said beside it.
        Err(error) if error.problem().code == contract::Code::Malformed => (Page::default(), Some(error.problem().detail)),
        Err(error) => return Err(error.into()),
    };
    Ok(Trail {
        choices,
        page,
        people,
        person,
        note,
    })
}

/// An id with what somebody is called.
#[cfg(feature = "ssr")]
type Named = (String, String);

/// Whom the words mean: the one, or several to choose from, or what to say.
#[cfg(feature = "ssr")]
async fn meant(
    s: &services::Services,
    actor: &services::Actor,
    typed: &str,
) -> Result<(Option<Named>, Vec<Named>, Option<String>), AppError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok((None, Vec::new(), None));
    }
    let named = |contact: contract::contacts::ContactView| (contact.id.to_string(), contact.title().to_owned());
    let nobody = || {
        Ok((
            None,
            Vec::new(),
            Some("Nobody was found by that. Try a part of the name or of the number.".to_owned()),
        ))
    };
    if let Ok(id) = typed.parse() {
        return match services::contacts::get(s, actor, id).await {
            // Rows are kept by the id that was asked for, whoever they were merged into.
            Ok(contact) => Ok((Some((id.to_string(), contact.title().to_owned())), Vec::new(), None)),
            Err(_) => nobody(),
        };
    }
    let query = contract::contacts::ContactQuery {
        search: Some(typed.to_owned()),
        limit: Some(8),
        ..Default::default()
    };
    let mut found: Vec<Named> = services::contacts::list(s, actor, query)
        .await?
        .data
        .into_iter()
        .map(named)
        .collect();
    match found.len() {
        0 => nobody(),
        1 => Ok((found.pop(), Vec::new(), None)),
        _ => Ok((
            None,
            found,
            Some("Several people may be meant. Please choose one:".to_owned()),
        )),
    }
}

/// Who changed the business in this way last; `what` is an action of the trail.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn who_changed_last(what: String) -> Result<Option<LastChange>, AppError> {
    Ok(services::audit::last_change(&ssr::services()?, &ssr::actor().await?, &[&what]).await?)
}

/// A line that says who changed this page last. Who may not read the trail is not told.
#[component]
pub fn LastChanged(what: &'static str) -> impl IntoView {
    let session = use_session();
    session.may(Permission::ReadAudit).then(|| {
        let found = Resource::new_blocking(|| (), move |()| who_changed_last(what.to_owned()));
        let line = |last: Option<LastChange>| {
            last.map(|LastChange { by, at }| {
                view! {
                    <p class="text-sm text-muted">
                        "Last changed by " {by} ", " <Timestamp at say=TimeFormat::Inline /> " · "
                        <a class="link" href="/settings/audit?what=settings">"Audit trail"</a>
                    </p>
                }
            })
        };
        view! { <Awaited from=found quiet=true view=line /> }
    })
}

#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| {
            let given = |name: &str| query.get(name).unwrap_or_default();
            Asked {
                who: given("who"),
                what: given("what"),
                person: given("person"),
                from: given("from"),
                to: given("to"),
                cursor: given("cursor"),
            }
        })
    });
    let trail = Resource::new_blocking(move || asked.get(), read_audit);
    let body = move |trail: Trail| view! { <Shown trail asked=asked.get_untracked() /> };
    view! {
        <Title text="Audit trail" />
        <div class="flex max-w-4xl flex-col gap-4 p-4">
            <div>
                <h1>"Audit trail"</h1>
                <p class="text-muted">
                    "Who changed what, and what it was before. Nobody can change or remove a line. Passwords, keys and tokens are never in it."
                </p>
            </div>
            <Awaited from=trail view=body />
        </div>
    }
}

#[component]
fn Shown(trail: Trail, asked: Asked) -> impl IntoView {
    let session = use_session();
    let Trail {
        choices,
        page,
        people,
        person,
        note,
    } = trail;
    let failed = choices.failed_sign_ins.clone();
    let signs_in = asked.what == "sign_ins";
    let file = session.may(Permission::ExportData).then(|| {
        let contact = person.as_ref().map(|(id, _)| id.clone());
        let pairs = [
            ("who", Some(asked.who.clone())),
            ("what", Some(asked.what.clone())),
            ("contact_id", contact),
            ("from", Some(asked.from.clone())),
            ("to", Some(asked.to.clone())),
        ];
        let pairs = pairs.map(|(name, value)| (name, value.filter(|value| !value.is_empty())));
        let pairs: Vec<(&str, Option<&str>)> = pairs.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        let href = paths::with_query("/settings/audit.csv", &pairs);
        view! {
            <a class="btn btn-sm min-h-11 md:min-h-9" href=href rel="external" download="">
                <Icon icon=icondata::LuDownload />
                "CSV"
            </a>
        }
    });
    let people = people
        .into_iter()
        .map(|(id, name)| {
            view! {
                <li>
                    <a class="link inline-flex min-h-11 items-center md:min-h-8" href=asked.about(&id)>
                        {name}
                    </a>
                </li>
            }
        })
        .collect_view();
    let empty = (page.data.is_empty() && note.is_none()).then(|| {
        let next_step = if asked.is_narrowed() {
            "Nothing fits all of the filters. Take one away."
        } else {
            "What is changed from now on stands here."
        };
        view! { <Empty title="Nothing here" next_step /> }
    });
    let rows = page.data.into_iter().map(|row| view! { <Row row /> }).collect_view();
    let shown_person = person.map(|(_, name)| name);
    view! {
        <Filters choices asked=asked.clone() person=shown_person />
        <div class="flex justify-end empty:hidden">{file}</div>
        <p role="status" class="text-sm font-semibold empty:hidden">{note}</p>
        <ul class="flex flex-col empty:hidden">{people}</ul>
        {signs_in.then(|| view! { <Failed failed /> })}
        {empty}
        <ol class="panel divide-y divide-base-300 empty:hidden">{rows}</ol>
        <Pager
            path=PATH.to_owned()
            filter=asked.pairs()
            cursor=Some(asked.cursor.clone()).filter(|cursor| !cursor.is_empty())
            next=page.next_cursor
        />
    }
}

/// A form that leads to the same page, narrowed: it works without a script.
#[component]
fn Filters(choices: AuditChoices, asked: Asked, person: Option<String>) -> impl IntoView {
    let options = |all: Vec<(String, String)>, everything: &str, chosen: &str| {
        let all = std::iter::once((String::new(), everything.to_owned())).chain(all);
        let options = all.map(|(value, words)| {
            let selected = value == chosen;
            view! {
                <option value=value selected=selected>
                    {words}
                </option>
            }
        });
        options.collect_view()
    };
    let who = options(choices.who, "Everybody", &asked.who);
    let what = options(choices.what, "Everything", &asked.what);
    let about = person.map(|name| format!("Only what is about {name}."));
    view! {
        <form method="get" action=PATH class="panel grid gap-3 p-4 sm:grid-cols-2 lg:grid-cols-3">
            <div class="flex flex-col gap-1">
                <label for="audit-who" class="field-label">"Who"</label>
                <select id="audit-who" name="who" class="select w-full">{who}</select>
            </div>
            <div class="flex flex-col gap-1">
                <label for="audit-what" class="field-label">"What"</label>
                <select id="audit-what" name="what" class="select w-full">{what}</select>
            </div>
            <div class="flex flex-col gap-1">
                <label for="audit-person" class="field-label">"About whom"</label>
                <input id="audit-person" name="person" class="input w-full" value=asked.person.clone() autocomplete="off" aria-describedby="audit-person-note" />
                <p id="audit-person-note" class="field-hint">{about.unwrap_or_else(|| "A customer’s name or number.".to_owned())}</p>
            </div>
            <div class="flex flex-col gap-1">
                <label for="audit-from" class="field-label">"From"</label>
                <input id="audit-from" name="from" type="date" class="input w-full" value=asked.from.clone() />
            </div>
            <div class="flex flex-col gap-1">
                <label for="audit-to" class="field-label">"To"</label>
                <input id="audit-to" name="to" type="date" class="input w-full" value=asked.to.clone() />
            </div>
            <div class="flex items-end gap-2">
                <button type="submit" class="btn btn-primary min-h-11">"Show"</button>
                {asked.is_narrowed().then(|| view! { <a class="btn min-h-11" href=PATH>"Everything"</a> })}
            </div>
        </form>
    }
}

/// Wrong passwords are counted, not listed: who guesses guesses without end.
#[component]
fn Failed(failed: Vec<(String, i64)>) -> impl IntoView {
    let days = failed
        .into_iter()
        .map(|(day, n)| {
            view! {
                <li>
                    <span class="tabular">{day}</span>
                    ": "
                    {n}
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="notice" aria-labelledby="failed-heading">
            <h2 id="failed-heading" class="text-sm">"Wrong passwords in the last 30 days"</h2>
            {if days.is_empty() {
                view! { <p class="text-sm text-muted">"None."</p> }.into_any()
            } else {
                view! { <ul class="text-sm">{days}</ul> }.into_any()
            }}
        </section>
    }
}

#[component]
fn Row(row: AuditRow) -> impl IntoView {
    let about = row.contact_id.map(|id| {
        let name = row
            .contact_name
            .clone()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "a customer".to_owned());
        view! {
            " · "
            <a class="link" href=format!("/contacts/{id}")>
                {name}
            </a>
        }
    });
    let visit = (row.entity == "appointment").then(|| {
        view! {
            " · "
            <a class="link" href=format!("/appointments/{}", row.entity_id)>
                "the visit"
            </a>
        }
    });
    let changes = row
        .changes
        .into_iter()
        .map(|change| view! { <Change change /> })
        .collect_view();
    view! {
        <li class="flex flex-col gap-1 p-3" data-action=row.action>
            <p>
                <span class="font-medium">{row.title}</span>
                {about}
                {visit}
            </p>
            <p class="text-sm text-muted">{row.by} " · " <Timestamp at=row.at /></p>
            <ul class="flex flex-col gap-0.5 text-sm empty:hidden">{changes}</ul>
        </li>
    }
}

#[component]
fn Change(change: AuditChange) -> impl IntoView {
    let AuditChange { field, before, after } = change;
    let field = field.map(|field| format!("{field}: "));
    let was = before.map(|before| {
        view! {
            <span class="sr-only">"it was "</span>
            <del class="break-words text-muted">{before}</del>
            " "
        }
    });
    let is = after.map(|after| {
        view! {
            <span class="sr-only">"it is "</span>
            <ins class="break-words no-underline">{after}</ins>
        }
    });
    view! {
        <li>
            <span class="text-muted">{field}</span>
            {was}
            {is}
        </li>
    }
}
