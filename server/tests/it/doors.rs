//! Every door there is, with everybody who may come: each role, a key with each scope and a key without it, nobody, and the owner of another
//! business, who brings the ids of this one. What is not in the table (`doors/table.rs`) fails.

mod functions;
mod rest;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use contract::accounts::Role;
use domain::permissions::allows;
use serde_json::json;
use services::accounts;
use testkit::Backend;

use crate::{
    app::{TestApp, sid, sign_in},
    looking::rows,
};
pub use table::{DOORS, Needs};

/// What stands in names, notes and texts of this business and nowhere else.
const MARK: &str = "Zyxomma";
const PASSWORD: &str = "a long password";

/// The line of a door.
fn needs(door: &str) -> Needs {
    let found = DOORS.iter().find(|(name, _)| *name == door);
    let (_, needs) = found.unwrap_or_else(|| {
        panic!(
            "{door:?} is not in DOORS. Add a line for it to server/tests/it/doors/table.rs, in the order of the alphabet, that says what it \
             asks for: Anybody, Secret, Member or May(&[…])."
        )
    });
    *needs
}

/// Whether a member of this role is let in.
fn lets_in(needs: Needs, role: Role) -> bool {
    match needs {
        Needs::Anybody | Needs::Member => true,
        Needs::Secret | Needs::Platform => false,
        Needs::May(all) => all.iter().all(|what| allows(role, *what)),
        Needs::One(any) => any.iter().any(|what| allows(role, *what)),
    }
}

/// A business with something of every kind, and the ids of that.
struct World {
    app: TestApp,
    ids: Vec<String>,
    /// Of these the file of contacts that was brought.
    import: String,
    /// Signed in as each role.
    members: Vec<(Role, reqwest::Client)>,
    /// The owner of another business, signed in, and a key of theirs.
    stranger: reqwest::Client,
    stranger_key: String,
    nobody: reqwest::Client,
    /// Who runs the installation and belongs to no business.
    admin: reqwest::Client,
}

/// What whoever is let in is not told; of a door of the platform, that there is nothing.
const fn refusal(needs: Needs) -> u16 {
    match needs {
        Needs::Platform => 404,
        _ => 403,
    }
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

impl World {
    async fn new() -> Self {
        let app = TestApp::with_clock(Backend::Sqlite).await;
        let stranger_key = app.neighbour().await.key;
        let mut members = Vec::new();
        for role in Role::ALL {
            let email = format!("{}@doors.test", role.as_str());
            accounts::add_member(&app.s, app.business_id, role, role.as_str(), &email, PASSWORD)
                .await
                .expect("a member");
            let http = browser();
            sign_in(&http, &app.url, &email, PASSWORD).await;
            members.push((role, http));
        }
        let stranger = browser();
        sign_in(&stranger, &app.url, "gus@x.test", PASSWORD).await;
        let ids = something_of_every_kind(&app).await;
        let import = ids.get(7).expect("the seventh after the first").clone();
        Self {
            ids,
            import,
            members,
            stranger,
            stranger_key,
            nobody: browser(),
            admin: admin(&app).await,
            app,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app.url)
    }

    /// Every row that names this business or something of it, table by table.
    async fn ours(&self) -> BTreeMap<String, BTreeSet<String>> {
        let business = self.app.business_id.to_string();
        let ids = self.ids.iter().chain([&business]);
        // As text, and as SQLite writes sixteen bytes.
        let names: Vec<String> = ids.flat_map(|id| [id.clone(), id.replace('-', "").to_uppercase()]).collect();
        let mut ours = BTreeMap::new();
        for (table, text) in rows(&self.app).await {
            let lines = text
                .lines()
                .filter(|line| names.iter().any(|name| line.contains(name.as_str())));
            ours.insert(table, lines.map(str::to_owned).collect());
        }
        ours
    }

    /// What is wrong if something of this business is different from before, or was told in an answer.
    async fn touched(&self, before: &BTreeMap<String, BTreeSet<String>>, door: &str, told: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if told.contains(MARK) {
            wrong.push(format!("{door} tells another business's owner: {told}"));
        }
        let after = self.ours().await;
        for (table, lines) in before {
            if Some(lines) != after.get(table) {
                wrong.push(format!("{door}: {table} was changed from another business"));
            }
        }
        wrong
    }
}

/// Signed in at a business that they have left since: what they may is by running the installation alone.
async fn admin(app: &TestApp) -> reqwest::Client {
    let email = "pat@doors.test";
    let role = Role::Staff;
    let account = accounts::add_member(&app.s, app.business_id, role, "Pat", email, PASSWORD)
        .await
        .expect("a member");
    accounts::platform::set_admin(&app.s, email, true).await.expect("made");
    let http = browser();
    sign_in(&http, &app.url, email, PASSWORD).await;
    let operator = services::Actor {
        business_id: app.business_id,
        who: services::Principal::Operator,
    };
    accounts::members::remove(&app.s, &operator, account).await.expect("removed");
    http
}

async fn something_of_every_kind(app: &TestApp) -> Vec<String> {
    const ANN: &str = "+14155550171";
    let id = |value: &serde_json::Value| value["id"].as_str().expect("an id").to_owned();
    let ann = app.contact(&format!("Ann {MARK}"), ANN).await;
    let other = app.contact(&format!("Bo {MARK}"), "+14155550172").await;
    let appointment = app.appointment(&ann, 48).await;
    let sent = app.reply(&ann, &format!("{MARK}: see you on Wednesday")).await;
    app.receives(&sid(1), ANN, &format!("Is there parking at {MARK}?")).await;
    let conversation = id(&app.all("/conversations").await.remove(0));
    let (_, task) = app.post("/tasks", json!({ "title": format!("Send {MARK} a map") })).await;
    let kind = json!({ "name": format!("{MARK} cleaning"), "minutes": 30, "reminders": true });
    let (_, kind) = app.post("/appointment-types", kind).await;
    let file = json!({ "kind": "contacts", "csv": format!("name,phone\n{MARK},4155550173\nBroken {MARK},1\n") });
    let (_, import) = app.post("/imports", file).await;
    let source = json!({ "url": "https://calendar.invalid/x.ics", "name": format!("{MARK} salon") });
    let (_, source) = app.post("/calendar-sources", source).await;
    let (_, wish) = app
        .post(
            "/number-requests",
            json!({ "country": "US", "reason": format!("{MARK} opens a shop") }),
        )
        .await;
    let entry = json!({ "contact_id": other, "notes": format!("{MARK} if possible") });
    let (_, entry) = app.post("/waitlist", entry).await;
    let at = (app.s.now() + chrono::Duration::hours(60)).to_rfc3339();
    let slot = json!({ "starts_at": at, "minutes": 30, "mode": "staff_only" });
    let (_, slot) = app.post("/slots", slot).await;
    let text = json!({ "kind": "reminder", "channel": "sms", "language": "en", "measure": "confirmed", "usual_percent": 10,
        "worth_percent": 90, "body": format!("{MARK} sees you {{{{ date }}}} {{{{ time }}}}. Y{{{{ token }}}} or N{{{{ token }}}}?") });
    let (_, test) = app.post("/experiments", text).await;
    let operator = services::Actor {
        business_id: app.business_id,
        who: services::Principal::Operator,
    };
    let place = contract::businesses::SaveLocation {
        name: format!("{MARK} Street"),
        ..Default::default()
    };
    let place = services::businesses::locations::save(&app.s, &operator, None, place)
        .await
        .expect("a location");
    let page = json!({ "kind": "custom", "name": format!("{MARK} reviews"), "url": "https://reviews.example/" });
    let (_, page) = app.post("/review-platforms", page).await;
    let (_, review) = app.post("/review-requests", json!({ "contact_id": other })).await;
    let hook = json!({ "url": format!("https://{MARK}.invalid/x"), "events": ["*"], "full": true });
    let (_, hook) = app.post("/webhook-endpoints", hook).await;
    let (_, told) = app.post(&format!("/webhook-endpoints/{}/test", id(&hook)), json!({})).await;
    vec![
        ann,
        other,
        appointment,
        id(&sent),
        conversation,
        id(&task),
        id(&kind),
        id(&import),
        id(&source),
        place.id.to_string(),
        id(&wish),
        id(&entry),
        id(&slot),
        id(&test),
        id(&page),
        id(&review),
        id(&hook),
        id(&told),
    ]
}

#[test]
fn the_table_is_in_order_and_says_everything_once() {
    let names: Vec<&str> = DOORS.iter().map(|(name, _)| *name).collect();
    for pair in names.windows(2) {
        if let [one, next] = pair {
            assert!(
                one < next,
                "{next:?} stands behind {one:?}, but belongs before it, or is there twice"
            );
        }
    }
}

/// Routes that the router names itself, from its own text: files, streams, posts.
fn routes() -> Vec<(String, String)> {
    let text = include_str!("../../src/router.rs");
    let mut all = Vec::new();
    for rest in text.split(".route(\"").skip(1) {
        let Some((path, rest)) = rest.split_once("\", ") else {
            continue;
        };
        let method = if rest.starts_with("get(") { "GET" } else { "POST" };
        all.push((method.to_owned(), path.to_owned()));
    }
    assert!(
        all.len() > 20 && all.contains(&("GET".to_owned(), "/live".to_owned())),
        "{all:?}"
    );
    all
}

#[tokio::test]
async fn every_door_is_in_the_table_and_the_table_has_no_other() {
    // The routes of pages are listed once in a process.
    let _app = TestApp::without_workers(Backend::Sqlite).await;
    let mut there: BTreeSet<String> = routes().iter().map(|(method, path)| format!("{method} {path}")).collect();
    there.extend(server::router::page_paths().map(|path| format!("page {path}")));
    there.extend(functions::all().iter().map(|(_, name)| format!("fn {name}")));
    there.extend(rest::operations().iter().map(|o| format!("{} /api/v1{}", o.method, o.path)));
    let said: BTreeSet<String> = DOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let missing: Vec<_> = there.difference(&said).collect();
    assert!(
        missing.is_empty(),
        "add a line for each of these to server/tests/it/doors/table.rs, in the order of the alphabet: {missing:#?}"
    );
    let gone: Vec<_> = said.difference(&there).collect();
    assert!(
        gone.is_empty(),
        "take these lines out of server/tests/it/doors/table.rs: {gone:#?}"
    );
}

/// Addresses of a path with ids in it: one for each id.
fn addresses(path: &str, ids: &[String]) -> Vec<String> {
    if !path.contains('{') {
        return vec![path.to_owned()];
    }
    let filled = |id: &String| {
        let mut address = String::new();
        for (n, part) in path.split(['{', '}']).enumerate() {
            address.push_str(if n % 2 == 1 { id } else { part });
        }
        address
    };
    ids.iter().map(filled).collect()
}

#[tokio::test]
async fn pages_files_and_streams_let_in_whom_the_table_says() {
    let world = World::new().await;
    let mut paths: Vec<(String, String)> = server::router::page_paths()
        .map(|path| (format!("page {path}"), path.to_owned()))
        .collect();
    let routes = routes().into_iter().filter(|(method, _)| method == "GET");
    paths.extend(routes.map(|(_, path)| (format!("GET {path}"), path)));
    for (door, path) in paths {
        let needs = needs(&door);
        if needs == Needs::Secret {
            continue;
        }
        let first = addresses(&path, &world.ids).remove(0);
        for (role, http) in &world.members {
            let answer = http.get(world.url(&first)).send().await.expect("an answer");
            let refused = answer.status().as_u16() == refusal(needs);
            assert_eq!(!refused, lets_in(needs, *role), "{door} and {role:?}: {}", answer.status());
            assert_ne!(answer.status().as_u16(), 401, "{door} and {role:?}");
        }
        if needs == Needs::Platform {
            let own = addresses(&path, &[world.app.business_id.to_string()]).remove(0);
            let answer = world.admin.get(world.url(&own)).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 200, "{door} and who runs the installation");
        }
        let answer = world.nobody.get(world.url(&first)).send().await.expect("an answer");
        let status = answer.status();
        let led_away = status.is_redirection() || matches!(status.as_u16(), 401 | 404);
        if needs != Needs::Anybody {
            assert!(led_away, "{door} and nobody: {status}");
        }
        if path == "/live" {
            // The stream does not end.
            continue;
        }
        let before = world.ours().await;
        for address in addresses(&path, &world.ids) {
            let answer = world.stranger.get(world.url(&address)).send().await.expect("an answer");
            let told = answer.text().await.unwrap_or_default();
            let wrong = world.touched(&before, &address, &told).await;
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}
