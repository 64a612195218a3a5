//! What a key of the API looks like: a prefix that scanners of source code find, random letters, and a checksum, so that what is no key is
//! known as none without a look into the database. Keys made before there was a checksum open as ever.

/// What a new key is matched by; scanners for secrets may be given it.
pub const PATTERN: &str = "showup_[0-9A-Za-z]{36}";

const PREFIX: &str = "showup_";
/// 178 bits: nobody guesses that.
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Hexadecimal digits of keys as they were made until there was a checksum.
const BEFORE: usize = 64;

/// A key of random bytes, which `more` gives one by one.
pub fn make(mut more: impl FnMut() -> u8) -> String {
    let mut key = PREFIX.to_owned();
    while key.len() < PREFIX.len() + RANDOM {
        // 248 is the last multiple of 62 in a byte: above it some letters would come more often than others.
        let byte = more();
        if byte < 248 {
            key.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        }
    }
    let sum = checksum(&key);
    key + &sum
}

/// Whether this can be a key at all.
#[must_use]
pub fn is_one(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    if rest.len() == BEFORE {
        return rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    }
    let whole = rest.len() == RANDOM + CHECKSUM && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    whole && text[PREFIX.len() + RANDOM..] == checksum(&text[..PREFIX.len() + RANDOM])
}

/// What may be shown of a key, so that somebody who holds one finds it in the list.
#[must_use]
pub fn hint(key: &str) -> String {
    let last: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
    format!("{PREFIX}…{last}")
}

/// CRC-32 of what precedes it, to the base of 62.
fn checksum(before: &str) -> String {
    let mut sum = crc32fast::hash(before.as_bytes()) as usize;
    let mut letters = [b'0'; CHECKSUM];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[sum % LETTERS.len()];
        sum /= LETTERS.len();
    }
    letters.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn a_key_is_as_the_pattern_says() {
        let mut bytes = 0..=255;
        let key = make(|| bytes.next().unwrap_or(7));
        assert_eq!(key, "showup_0123456789ABCDEFGHIJKLMNOPQRST4UWyAx");
        assert!(is_one(&key));
        assert_eq!(hint(&key), "showup_…WyAx");
        assert_eq!(PATTERN, format!("{PREFIX}[0-9A-Za-z]{{{}}}", RANDOM + CHECKSUM));
    }

    #[rstest]
    #[case::old(&format!("showup_{}", "0a".repeat(32)), true)]
    #[case::old_in_capitals(&format!("showup_{}", "0A".repeat(32)), false)]
    #[case::short("showup_guess", false)]
    #[case::nothing("", false)]
    #[case::umlaut("showup_ääääääääääääääääää", false)]
    #[case::other("sk_live_0123456789ABCDEFGHIJKLMNOPQRST000000", false)]
    fn what_is_no_key_is_known_as_none(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_one(text), is);
    }

    proptest! {
        #[test]
        fn one_letter_typed_wrong_is_noticed(random in proptest::collection::vec(0u8..248, 30), at in 7usize..43, to in 0usize..62) {
            let mut bytes = random.into_iter();
            let key = make(|| bytes.next().expect("enough"));
            let mut wrong = key.clone().into_bytes();
            wrong[at] = LETTERS[to];
            let wrong = String::from_utf8(wrong).expect("letters");
            prop_assert_eq!(is_one(&wrong), wrong == key);
        }
    }
}
