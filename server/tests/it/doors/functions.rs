//! Server functions, as the registry lists them, called with arguments that are made up from how they are written.

use std::{collections::BTreeMap, fs, path::Path};

use super::{Needs, World, lets_in, needs, refusal};

/// What stands for a type of an argument; of what is here by name, the fields.
const SAMPLES: &[(&str, &[(&str, &str)])] = &[
    ("AppointmentAction", &[("", "confirm")]),
    ("Arrange", &[("", "up")]),
    ("CalendarQuery", &[("[view]", "week")]),
    ("Doing", &[("", "viewing")]),
    ("Keep", &[("", "entered")]),
    ("MarkDay", &[("", "today")]),
    ("Place", &[("", "Newest")]),
    ("RequestQuery", &[("[show]", "failed")]),
    ("RepeatUnit", &[("", "week")]),
    ("Role", &[("", "staff")]),
    ("Scope", &[("", "this")]),
    ("State", &[("", "opted_in")]),
    ("String", &[("", "1")]),
    ("TaskAbout", &[("[contact_id]", "")]),
    ("bool", &[("", "true")]),
    ("i32", &[("", "1")]),
    ("u32", &[("", "1")]),
];

/// An argument: its name, its type, and whether it may be left out.
struct Argument {
    name: String,
    kind: String,
    optional: bool,
}

/// The path of every function, and its name.
pub fn all() -> Vec<(String, String)> {
    let paths = leptos::server_fn::axum::server_fn_paths();
    let mut all: Vec<(String, String)> = paths
        .map(|(path, _)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            (
                path.to_owned(),
                name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(),
            )
        })
        .collect();
    all.sort();
    all
}

/// How functions are written, by name: two rooms may use the same.
fn written() -> BTreeMap<String, Vec<Vec<Argument>>> {
    let mut found = BTreeMap::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../app/src")), &mut found);
    found
}

fn read(folder: &Path, found: &mut BTreeMap<String, Vec<Vec<Argument>>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        for rest in text.split("#[server(prefix").skip(1) {
            let Some((_, rest)) = rest.split_once("pub async fn ") else {
                continue;
            };
            let Some((name, rest)) = rest.split_once('(') else { continue };
            let Some((arguments, _)) = rest.split_once(") -> ") else {
                continue;
            };
            found.entry(name.to_owned()).or_default().push(arguments_of(arguments));
        }
    }
}

fn arguments_of(text: &str) -> Vec<Argument> {
    // A comma within a type's brackets is none between arguments.
    let mut depth = 0;
    let parts = text.split(|c: char| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        c == ',' && depth == 0
    });
    let argument = |part: &str| {
        let (name, kind) = part.trim().rsplit_once(": ")?;
        let kind = kind.trim().to_owned();
        Some(Argument {
            optional: name.contains("server(default)") || kind.starts_with("Option<"),
            name: name.rsplit(' ').next().unwrap_or(name).trim().to_owned(),
            kind,
        })
    };
    parts.filter_map(argument).collect()
}

/// A form for it. With an id, everything that may be an id is that one.
fn form(function: &str, arguments: &[Argument], id: Option<&str>) -> Vec<(String, String)> {
    let mut form = Vec::new();
    for one in arguments {
        let is_id = one.kind.contains("Uuid") || one.name == "id" || one.name.ends_with("_id");
        match (is_id, id) {
            (true, Some(id)) if one.kind.starts_with("Vec<") => form.push((format!("{}[0]", one.name), id.to_owned())),
            (true, Some(id)) => form.push((one.name.clone(), id.to_owned())),
            _ if one.optional => {}
            (true, None) => form.push((one.name.clone(), uuid::Uuid::max().to_string())),
            _ => {
                let sample = SAMPLES.iter().find(|(kind, _)| *kind == one.kind);
                let (_, fields) = sample.unwrap_or_else(|| {
                    panic!(
                        "{function} takes a {}: say in SAMPLES of server/tests/it/doors/functions.rs what stands for one",
                        one.kind
                    )
                });
                form.extend(
                    fields
                        .iter()
                        .map(|(field, value)| (format!("{}{field}", one.name), (*value).to_owned())),
                );
            }
        }
    }
    form
}

/// The same form with another id in it.
fn with_id(form: &[(String, String)], id: &str) -> Vec<(String, String)> {
    let none = uuid::Uuid::max().to_string();
    let filled = |value: &String| if *value == none { id.to_owned() } else { value.clone() };
    form.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
}

/// Who is signed out by it can't go on.
const ENDS: &str = "sign_out";

/// The status is what the problem says, if it is one.
async fn call(http: &reqwest::Client, url: &str, form: &[(String, String)]) -> (u16, String) {
    let answer = http.post(url).form(form).send().await.expect("an answer");
    let status = answer.status();
    let told = answer.text().await.unwrap_or_default();
    let problem: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
    let said = problem["status"].as_u64().filter(|_| !status.is_success());
    (said.and_then(|said| said.try_into().ok()).unwrap_or(status.as_u16()), told)
}

/// The form that it can read, of those of its name.
async fn fitting(world: &World, path: &str, name: &str, written: &[Vec<Argument>], id: Option<&str>) -> Vec<(String, String)> {
    for arguments in written {
        let form = form(name, arguments, id);
        let (_, told) = call(&world.nobody, &world.url(path), &form).await;
        if !told.contains("could not be read") {
            return form;
        }
    }
    panic!("{name} can't read what was made up for it: see SAMPLES in server/tests/it/doors/functions.rs");
}

#[tokio::test]
async fn every_function_lets_in_whom_the_table_says() {
    let world = World::new().await;
    let written = written();
    let mut wrong = Vec::new();
    for (path, name) in all() {
        let needs = needs(&format!("fn {name}"));
        let known = written
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is written nowhere in app/src"));
        if name == ENDS {
            continue;
        }
        let form = fitting(&world, &path, &name, known, None).await;
        let nobody = if needs == Needs::Platform { 404 } else { 401 };
        if needs != Needs::Anybody {
            let (status, told) = call(&world.nobody, &world.url(&path), &form).await;
            if status != nobody {
                wrong.push(format!("{name} and nobody: {status} {told}"));
            }
            for (role, http) in &world.members {
                let (status, told) = call(http, &world.url(&path), &form).await;
                if (status != refusal(needs)) != lets_in(needs, *role) || status == 401 || status == 500 {
                    wrong.push(format!(
                        "{name} and {role:?}, of whom the table says {needs:?}: {status} {told}"
                    ));
                }
            }
        }
        if needs == Needs::Platform {
            let own = with_id(&form, &world.app.business_id.to_string());
            let (status, told) = call(&world.admin, &world.url(&path), &own).await;
            if matches!(status, 401 | 403 | 404 | 500) && !told.contains("There is no such request") {
                wrong.push(format!("{name} and who runs the installation: {status} {told}"));
            }
        }
        // A key is for the other door.
        let keyed = world.nobody.post(world.url(&path)).bearer_auth(&world.app.key).form(&form);
        let status = keyed.send().await.expect("an answer").status().as_u16();
        if needs != Needs::Anybody && status != nobody {
            wrong.push(format!("{name} and a key: {status}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_function_serves_the_owner_of_another_business() {
    let world = World::new().await;
    let written = written();
    let mut wrong = Vec::new();
    for (path, name) in all() {
        let known = written
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is written nowhere in app/src"));
        if name == ENDS {
            continue;
        }
        let takes_ids = known
            .iter()
            .flatten()
            .any(|one| one.kind.contains("Uuid") || one.name.ends_with("id"));
        let ids: Vec<Option<&str>> = match takes_ids {
            true => world.ids.iter().map(|id| Some(id.as_str())).collect(),
            false => vec![None],
        };
        let before = world.ours().await;
        let mut all_told = String::new();
        for id in ids {
            let form = fitting(&world, &path, &name, known, id).await;
            let (status, told) = call(&world.stranger, &world.url(&path), &form).await;
            if status == 500 {
                wrong.push(format!("{name} with {id:?}: {told}"));
            }
            all_told.push_str(&told);
        }
        wrong.extend(world.touched(&before, &name, &all_told).await);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
