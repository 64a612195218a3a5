//! A text with its variables filled.

use std::{collections::BTreeMap, sync::LazyLock};

use minijinja::{Environment, UndefinedBehavior, Value};

use super::{Kind, LONGEST, STOPPED, Values, scan};
use crate::words::is_blank;

/// Steps that one text may take: each piece of the longest there can be takes a few.
const FUEL: u64 = 20_000;

/// No filters, no functions, nothing that is escaped.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
});

/// The text as it is sent. A variable that this kind may use and that has no value is empty.
///
/// # Errors
/// Why it can't be sent: it is not of the language of texts, uses what there is none of, says nothing, or is too long.
pub fn fill(kind: Kind, text: &str, values: &Values) -> Result<String, String> {
    if let Some(scan::Piece::Unknown(what)) = scan::pieces(text).find(|piece| matches!(piece, scan::Piece::Unknown(_))) {
        return Err(format!("{what} can’t be read"));
    }
    let known: BTreeMap<&str, String> = kind
        .variables()
        .iter()
        .map(|variable| (variable.as_str(), marked(values.get(*variable))))
        .collect();
    let filled = ENVIRONMENT.render_str(text, Value::from(known)).map_err(|e| e.to_string())?;
    let filled = filled.replace(&format!("{STOPPED}."), "").replace(STOPPED, "");
    if is_blank(&filled) {
        return Err("it says nothing".to_owned());
    }
    match filled.chars().count() {
        length if length > LONGEST => Err(format!("it has {length} characters, and {LONGEST} can be sent")),
        _ => Ok(filled),
    }
}

fn marked(value: &str) -> String {
    let mut marked = value.to_owned();
    if value.ends_with('.') {
        marked.push(STOPPED);
    }
    marked
}
