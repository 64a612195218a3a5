//! What a text will cost, and what Twilio says it did. Money is whole millionths of a US dollar, or of the billed currency.
//!
//! The built-in prices (`data/prices.json`) are estimates per outbound segment, after Twilio's list prices with usual carrier fees.
//! They are for budgets and forecasts; Twilio's own price replaces them as soon as it is known. An installation may bring its own
//! table in the same form.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Digits after the point in a price.
const DECIMALS: usize = 6;

/// Prices by destination.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Prices {
    /// Micro-dollars per segment to a country that isn't listed, and when the country isn't known.
    pub default: i64,
    /// Micro-dollars per segment by ISO alpha-2 code, upper case.
    pub countries: BTreeMap<String, i64>,
}

impl Prices {
    /// The prices that come with the program. That they can be read is tested.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static PRICES: LazyLock<Prices> =
            LazyLock::new(|| serde_json::from_str(include_str!("../data/prices.json")).unwrap_or_default());
        &PRICES
    }

    /// Expected cost in micro-dollars of a text of so many segments to a country (ISO alpha-2, any case).
    #[must_use]
    pub fn estimate(&self, country: Option<&str>, segments: u32) -> i64 {
        let code = country.map(|c| c.trim().to_ascii_uppercase());
        let listed = code.and_then(|c| self.countries.get(&c)).copied();
        listed.unwrap_or(self.default).saturating_mul(i64::from(segments))
    }
}

/// Expected cost by the built-in prices: [`Prices::estimate`].
#[must_use]
pub fn estimate(country: Option<&str>, segments: u32) -> i64 {
    Prices::built_in().estimate(country, segments)
}

/// Reads Twilio's `price` and `price_unit` of a message: `("-0.00750", "USD")` is `(7500, "USD")`, a cost of 7,500 millionths.
///
/// Twilio writes a charge as a negative price; here a cost is positive and a credit negative. What is less than a millionth is
/// rounded away from zero, so that many small prices never add up to nothing. None if it isn't a plain decimal number or the unit
/// isn't three letters; the unit comes back in upper case.
#[must_use]
pub fn parse_provider_price(price: &str, unit: &str) -> Option<(i64, String)> {
    let unit = unit.trim().to_ascii_uppercase();
    if unit.len() != 3 || !unit.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let price = price.trim();
    let (sign, digits) = match price.strip_prefix('-') {
        Some(charge) => (1, charge),
        None => (-1, price),
    };
    Some((sign * micros(digits)?, unit))
}

/// An amount of millionths of a dollar for people, to the cent: `$1,234.50`.
#[must_use]
pub fn dollars(micros: i64) -> String {
    let cents = (micros.unsigned_abs() + 5_000) / 10_000;
    let (mut whole, sign) = ((cents / 100).to_string(), if micros < 0 && cents > 0 { "-" } else { "" });
    let mut at = whole.len();
    while at > 3 {
        at -= 3;
        whole.insert(at, ',');
    }
    format!("{sign}${whole}.{:02}", cents % 100)
}

/// An amount of millionths to the hundredth of a cent, without a sign: `0.0083`.
#[must_use]
pub fn exact_dollars(micros: i64) -> String {
    let tenths = (micros.unsigned_abs() + 50) / 100;
    format!("{}.{:04}", tenths / 10_000, tenths % 10_000)
}

/// An amount of dollars as somebody types it (`25`, `$1,250.50`), in millionths. A comma parts thousands and nothing else: `12,50` is
/// no amount, because it could be twelve and a half or 1,250.
#[must_use]
pub fn parse_dollars(typed: &str) -> Option<i64> {
    let typed = typed.trim();
    let typed = typed.strip_prefix('$').unwrap_or(typed).trim_start();
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.len() > 3 {
            return None;
        }
        digits.push_str(group);
    }
    micros(&format!("{digits}.{fraction}"))
}

/// `12.3456789` as millionths, what is left over rounded up. No sign, no exponent.
fn micros(decimal: &str) -> Option<i64> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(DECIMALS));
    let number: i64 = format!("{whole}{kept:0<DECIMALS$}").parse().ok()?;
    number.checked_add(i64::from(rest.bytes().any(|b| b != b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn built_in_prices_are_sensible() {
        let prices = Prices::built_in();
        assert!(prices.countries.len() >= 60);
        for (country, price) in &prices.countries {
            assert!(
                country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()),
                "{country}"
            );
            assert!((1_000..1_000_000).contains(price), "{country}: {price}");
        }
        assert!(prices.default > 0);
    }

    #[test]
    fn an_estimate_is_segments_times_price() {
        let us = estimate(Some("US"), 1);
        assert!(us > 0);
        assert_eq!(estimate(Some(" us "), 3), 3 * us);
        assert_eq!(estimate(Some("US"), 0), 0);
        assert_eq!(estimate(None, 2), 2 * Prices::built_in().default);
        assert_eq!(estimate(Some("XX"), 2), estimate(None, 2));
    }

    #[rstest]
    #[case::a_charge("-0.00750", "USD", Some((7500, "USD")))]
    #[case::without_fraction("-2", "usd", Some((2_000_000, "USD")))]
    #[case::a_credit("0.0075", "EUR", Some((-7500, "EUR")))]
    #[case::free("0", "USD", Some((0, "USD")))]
    #[case::exact_where_a_float_is_not("-0.070000", "USD", Some((70_000, "USD")))]
    #[case::less_than_a_millionth("-0.0000001", "USD", Some((1, "USD")))]
    #[case::zeros_behind("-0.00750000000", "USD", Some((7500, "USD")))]
    #[case::point_first("-.5", "USD", Some((500_000, "USD")))]
    #[case::empty("", "USD", None)]
    #[case::sign_alone("-", "USD", None)]
    #[case::point_alone(".", "USD", None)]
    #[case::two_signs("--1", "USD", None)]
    #[case::two_points("-1.2.3", "USD", None)]
    #[case::exponent("-1e3", "USD", None)]
    #[case::words("null", "USD", None)]
    #[case::too_large("-99999999999999999999", "USD", None)]
    #[case::no_unit("-0.0075", "", None)]
    #[case::odd_unit("-0.0075", "US$", None)]
    fn twilio_s_price_is_read_exactly(#[case] price: &str, #[case] unit: &str, #[case] expected: Option<(i64, &str)>) {
        let expected = expected.map(|(micros, unit)| (micros, unit.to_owned()));
        assert_eq!(parse_provider_price(price, unit), expected);
    }

    #[rstest]
    #[case("25", Some(25_000_000))]
    #[case(" $1,250.50 ", Some(1_250_500_000))]
    #[case("$ 5", Some(5_000_000))]
    #[case("1,234,567", Some(1_234_567_000_000))]
    #[case(".5", Some(500_000))]
    #[case("0.01", Some(10_000))]
    #[case::twelve_and_a_half_or_a_thousand("12,50", None)]
    #[case("1250,000", None)]
    #[case(",500", None)]
    #[case("-5", None)]
    #[case("$", None)]
    #[case("a lot", None)]
    #[case("1.2.3", None)]
    #[case("99999999999999999999", None)]
    fn amounts_are_read_as_people_type_them(#[case] typed: &str, #[case] expected: Option<i64>) {
        assert_eq!(parse_dollars(typed), expected);
    }

    #[rstest]
    #[case(0, "$0.00")]
    #[case(8_300, "$0.01")]
    #[case(4_999, "$0.00")]
    #[case(1_234_500_000, "$1,234.50")]
    #[case(999_995_000, "$1,000.00")]
    #[case(1_000_000_000_000, "$1,000,000.00")]
    #[case(-2_500_000, "-$2.50")]
    fn amounts_are_said_to_the_cent(#[case] micros: i64, #[case] words: &str) {
        assert_eq!(dollars(micros), words);
    }

    proptest! {
        #[test]
        fn what_is_said_is_read_again(cents in 0i64..10_000_000_000) {
            prop_assert_eq!(parse_dollars(&dollars(cents * 10_000)), Some(cents * 10_000));
        }

        #[test]
        fn no_typing_breaks_it(typed in any::<String>()) {
            let _ = parse_dollars(&typed);
        }

        #[test]
        fn every_price_comes_through(micros in 0i64..1_000_000_000_000) {
            let price = format!("-{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            prop_assert_eq!(parse_provider_price(&price, "USD"), Some((micros, "USD".to_owned())));
        }

        #[test]
        fn no_price_breaks_it(price in any::<String>(), unit in any::<String>()) {
            let _ = parse_provider_price(&price, &unit);
        }
    }
}
