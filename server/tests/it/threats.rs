//! Each test that `docs/security.md` names is there: a guard that was renamed away guards nothing.

use std::{fs, path::Path};

fn sources(directory: &Path, all: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            if name != "target" && name != "node_modules" {
                sources(&path, all);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_test_that_guards_against_a_threat_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let document = fs::read_to_string(root.join("docs/security.md")).expect("the document");
    let (_, table) = document.split_once("## Threats").expect("the table");
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 25, "{}", rows.len());
    let mut code = String::new();
    for part in ["crates", "server", "app", "migration"] {
        sources(&root.join(part), &mut code);
    }
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 3, "{row}");
        let names: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        assert!(
            !names.is_empty() || row.contains("`script/lint`"),
            "nothing guards against this: {row}"
        );
        for name in names {
            assert!(
                code.contains(&format!("fn {name}(")),
                "there is no test {name}, which should guard against: {}",
                cells[0]
            );
        }
    }
}
