//! Nobody is chosen by mood. Google forbids to “selectively solicit positive reviews”, and the FTC's rule on reviews (16 CFR 465) forbids to
//! hold bad ones down or to pay for good ones; so neither a text nor a program can ask the happy ones only, ask for stars first, or promise
//! something in return.

/// Fields with which programs would choose whom to ask by how they felt.
pub const FIELDS: [&str; 17] = [
    "sentiment",
    "mood",
    "rating",
    "score",
    "stars",
    "nps",
    "csat",
    "satisfaction",
    "satisfied",
    "happy",
    "is_happy",
    "only_happy",
    "only_promoters",
    "promoter",
    "promoters_only",
    "min_rating",
    "min_score",
];

/// Why such a field is refused, for who wrote the program.
pub fn reason(name: &str) -> Option<String> {
    let known = FIELDS.contains(&name.to_ascii_lowercase().as_str());
    known.then(|| {
        format!(
            "\"{name}\" would choose whom to ask by how they felt, and that is not possible: Google forbids to ask the happy ones only, and so \
             does the law (16 CFR 465). Everybody is asked alike."
        )
    })
}

const HAPPY_ONLY: &[&str] = &[
    "if you were happy",
    "if you are happy",
    "if you re happy",
    "if you feel happy",
    "if you enjoyed",
    "if you liked",
    "if you loved",
    "if you love",
    "if you had a good",
    "if you had a great",
    "if it was good",
    "if it was great",
    "if you were satisfied",
    "if you are satisfied",
    "if you were pleased",
    "if you are pleased",
    "if everything was",
    "if all went well",
    "if all was well",
    "only if",
    "if you were not",
    "if you weren t",
    "if you are unhappy",
    "if you were unhappy",
    "if anything went wrong",
    "if anything was wrong",
    "if something went wrong",
    "if something was wrong",
    "happy customers",
    "before you post",
    "instead of a review",
    "instead of posting",
    "si le gusto",
    "si te gusto",
    "si quedo satisfech",
    "si quedo content",
    "si esta content",
    "si esta satisfech",
    "si todo fue bien",
    "si todo salio bien",
    "solo si",
    "si algo salio mal",
    "si no quedo",
    "si no le gusto",
];

const GOOD_ONES: &[&str] = &[
    "5 star",
    "five star",
    "4 star",
    "four star",
    "positive review",
    "good review",
    "great review",
    "nice review",
    "best review",
    "excellent review",
    "top rating",
    "5 estrellas",
    "cinco estrellas",
    "resena positiva",
    "buena resena",
    "buena opinion",
    "opinion positiva",
];

const SCORE_FIRST: &[&str] = &[
    "from 1 to",
    "from 0 to",
    "1 to 5",
    "1 to 10",
    "0 to 10",
    "1 5",
    "1 10",
    "0 10",
    "on a scale",
    "with a number",
    "how many stars",
    "del 1 al",
    "del 0 al",
    "de 1 a 5",
    "de 1 a 10",
    "en una escala",
    "con un numero",
    "cuantas estrellas",
];

const IN_RETURN: &[&str] = &[
    "discount",
    "coupon",
    "voucher",
    "gift",
    "raffle",
    "sweepstake",
    "prize",
    "reward",
    "cash",
    "refund",
    "a free",
    "for free",
    "get free",
    "off your next",
    "percent off",
    "in return",
    "in exchange",
    "chance to win",
    "enter to win",
    "descuento",
    "cupon",
    "regalo",
    "sorteo",
    "premio",
    "gratis",
    "a cambio",
];

/// What in a text that asks for a review would choose by mood or pay for it, if anything: what a linter calls it, and the reason.
#[must_use]
pub fn by_mood(text: &str) -> Option<(&'static str, String)> {
    let plain = plain(text);
    let found = |all: &[&'static str]| all.iter().find(|words| plain.contains(&format!(" {words}"))).copied();
    if let Some(words) = found(HAPPY_ONLY) {
        return Some((
            "asks_by_mood",
            told(
                words,
                "Please ask everybody alike: to ask the happy ones only, or to lead the others elsewhere, is forbidden by Google and by law (16 CFR 465).",
            ),
        ));
    }
    if let Some(words) = found(GOOD_ONES) {
        return Some((
            "asks_for_praise",
            told(
                words,
                "Please ask for a review, not for a good one: Google and the law (16 CFR 465) forbid that.",
            ),
        ));
    }
    if let Some(words) = found(SCORE_FIRST) {
        return Some((
            "asks_score_first",
            told(
                words,
                "Please ask for no score before the link: it would sort customers by how they felt, which is forbidden by Google and by law (16 CFR 465).",
            ),
        ));
    }
    found(IN_RETURN).map(|words| {
        (
            "pays_for_reviews",
            told(
                words,
                "Please promise nothing for a review: Google and the law (16 CFR 465) forbid that.",
            ),
        )
    })
}

fn told(words: &str, why: &str) -> String {
    format!("This text says “{}”. {why}", words.trim())
}

/// In small letters without accents and signs, one space between words, before the first and behind the last.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    plain.push(' ');
    for c in text.chars().flat_map(char::to_lowercase).map(crate::words::plain) {
        if c.is_alphanumeric() {
            plain.push(c);
        } else if !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}
