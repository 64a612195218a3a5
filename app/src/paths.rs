//! Paths inside this site.

/// `path` if it leads to a page of this site and may stand in a header, else `otherwise`. Another site's address, also one
/// disguised as `//host` or `/\host`, is not a path of ours.
pub fn local<'a>(path: &'a str, otherwise: &'a str) -> &'a str {
    let inside = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if inside && path.bytes().all(|b| b.is_ascii_graphic()) {
        path
    } else {
        otherwise
    }
}

/// `path` with a query of the pairs that have a value.
pub fn with_query(path: &str, pairs: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_site_are_local() {
        assert_eq!(local("/inbox/1?before=a", "/inbox"), "/inbox/1?before=a");
        for elsewhere in [
            "",
            "inbox",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nSet-Cookie: b",
            "/ä",
        ] {
            assert_eq!(local(elsewhere, "/inbox"), "/inbox", "{elsewhere}");
        }
    }

    #[test]
    fn a_query_holds_what_has_a_value_escaped() {
        assert_eq!(
            with_query("/contacts", &[("q", Some("a&b c")), ("cursor", None)]),
            "/contacts?q=a%26b+c"
        );
        assert_eq!(with_query("/contacts", &[("q", None)]), "/contacts");
    }
}
