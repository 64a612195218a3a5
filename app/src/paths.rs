//! Paths inside this site.

use uuid::Uuid;

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

/// Where somebody goes who has signed in: to the page they came for, if it is one of this site and no door.
pub fn after_sign_in(next: &str) -> &str {
    let next = local(next, "/today");
    if next.starts_with("/signin") { "/today" } else { next }
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

/// The same, and filters as they stand in an address.
pub fn narrowed(path: &str, pairs: &[(&str, Option<&str>)], filters: &str) -> String {
    let mut address = with_query(path, pairs);
    if !filters.is_empty() {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(filters);
    }
    address
}

/// Where a conversation is read at this message or note; the fragment leads there without a script.
pub fn thread_at(conversation: Uuid, said: Uuid) -> String {
    format!("/inbox/{conversation}?at={said}#{}", anchor(said))
}

/// The same for what a search (`within` one conversation or everywhere) has found, so that one can go on to its next hit.
pub fn hit(conversation: Uuid, said: Uuid, q: &str, within: Option<Uuid>) -> String {
    let (at, anchor, within) = (said.to_string(), anchor(said), within.map(|id| id.to_string()));
    let pairs = [("at", Some(at.as_str())), ("q", Some(q)), ("within", within.as_deref())];
    let page = with_query(&format!("/inbox/{conversation}"), &pairs);
    format!("{page}#{anchor}")
}

/// What a message or note is called on its page.
pub fn anchor(said: Uuid) -> String {
    format!("said-{said}")
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
    fn nobody_is_led_from_a_door_to_a_door_or_elsewhere() {
        assert_eq!(after_sign_in("/inbox?q=a"), "/inbox?q=a");
        for elsewhere in [
            "/signin",
            "/signin/code?next=%2Finbox",
            "//evil.example",
            "https://evil.example",
            "",
        ] {
            assert_eq!(after_sign_in(elsewhere), "/today", "{elsewhere}");
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
