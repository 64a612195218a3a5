//! Texts with variables in double braces: `Hi {{ name }}, see you on {{ date }}.`

/// Names of variables are short.
const LONGEST: usize = 40;

/// One piece of such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    /// The name, and how it is written with its braces.
    Variable(&'a str, &'a str),
}

/// Reads one piece off the front of a text that is not empty.
fn piece(text: &str) -> (Piece<'_>, &str) {
    let Some(open) = text.find("{{") else {
        return (Piece::Words(text), "");
    };
    if open > 0 {
        return (Piece::Words(&text[..open]), &text[open..]);
    }
    let named = text[2..].find("}}").map(|close| (text[2..2 + close].trim(), close + 4));
    match named {
        Some((name, end)) if is_name(name) => (Piece::Variable(name, &text[..end]), &text[end..]),
        // Braces that hold no name are words like any others.
        _ => (Piece::Words(&text[..1]), &text[1..]),
    }
}

fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(fits)
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (first, after) = piece(rest);
        rest = after;
        Some(first)
    })
}

/// The text with its variables filled; one that has no value stays as it is written.
#[must_use]
pub fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Words(words) => filled.push_str(words),
            Piece::Variable(name, written) => match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.push_str(written),
            },
        }
    }
    filled
}

/// The names of the variables in a text, each once, in the order they stand.
#[must_use]
pub fn variables(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in pieces(text) {
        if let Piece::Variable(name, _) = piece
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The first variable of a text as it is written, braces and all.
#[must_use]
pub fn first(text: &str) -> Option<&str> {
    pieces(text).find_map(|piece| match piece {
        Piece::Variable(_, written) => Some(written),
        Piece::Words(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ann(name: &str) -> Option<String> {
        (name == "name").then(|| "Ann {{ date }}".to_owned())
    }

    #[test]
    fn what_has_a_value_is_filled_and_the_rest_stays_to_be_seen() {
        let text = "Hi {{name}}, {{ date }} at {{ time }}? {{ date }}";
        assert_eq!(fill(text, &ann), "Hi Ann {{ date }}, {{ date }} at {{ time }}? {{ date }}");
        assert_eq!(variables(text), ["name", "date", "time"]);
        assert_eq!(first(text), Some("{{name}}"));
        assert_eq!(first("Hi"), None);
    }

    #[test]
    fn braces_without_a_name_are_words() {
        for text in [
            "{{",
            "}}",
            "{{ }}",
            "{{{",
            "{ name }",
            "{{ Not A Name }}",
            "{{ä}}",
            "{{{{}}}}",
        ] {
            assert_eq!(fill(text, &|_| Some("x".to_owned())), text);
        }
        assert_eq!(fill("{{{name}}", &ann), "{Ann {{ date }}");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in ".{0,60}") {
            prop_assert_eq!(fill(&text, &|_| None), text);
        }
    }
}
