use super::*;
use crate::zone::named;
use chrono::Timelike;
use proptest::prelude::*;
use rstest::rstest;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

const HOUR: Duration = Duration::hours(1);

#[test]
fn a_visit_that_is_marked_days_later_is_old_news() {
    let ended = at("2027-01-05T15:00:00Z");
    for (marked, wanted) in [
        // At once, some time later, just in time.
        ("2027-01-05T15:00:00Z", Some("2027-01-05T16:00:00Z")),
        ("2027-01-05T15:59:00Z", Some("2027-01-05T16:00:00Z")),
        ("2027-01-06T09:00:00Z", Some("2027-01-06T09:00:00Z")),
        ("2027-01-07T15:00:00Z", Some("2027-01-07T15:00:00Z")),
        ("2027-01-07T15:00:01Z", None),
        ("2027-01-12T15:00:00Z", None),
    ] {
        assert_eq!(due(ended, at(marked), HOUR).ok(), wanted.map(at), "{marked}");
    }
}

#[test]
fn nobody_is_asked_twice_within_180_days() {
    let now = at("2027-07-05T15:00:00Z");
    assert!(once_in_a_while(None, now).is_ok());
    assert!(once_in_a_while(Some(now - Duration::days(179)), now).is_err());
    assert!(once_in_a_while(Some(now - Duration::days(180)), now).is_ok());
    // A clock that went back is no way around it.
    assert!(once_in_a_while(Some(now + HOUR), now).is_err());
}

#[test]
fn a_conversation_that_waits_delays_a_request_and_never_ends_it() {
    let due = at("2027-01-05T15:00:00Z");
    assert_eq!(waits_until(due, due), Some(due + HOUR));
    assert_eq!(
        waits_until(due, due + Duration::minutes(7 * 24 * 60 - 10)),
        Some(due + Duration::days(7))
    );
    assert_eq!(waits_until(due, due + Duration::days(7)), None);
}

#[rstest]
#[case::in_the_morning("2027-01-05T13:59:00Z", "2027-01-05T14:00:00Z")]
#[case::when_it_opens("2027-01-05T14:00:00Z", "2027-01-05T14:00:00Z")]
#[case::at_noon("2027-01-05T17:00:30Z", "2027-01-05T17:00:30Z")]
#[case::when_it_closes("2027-01-06T01:00:00Z", "2027-01-06T14:00:00Z")]
#[case::at_night("2027-01-06T04:00:00Z", "2027-01-06T14:00:00Z")]
#[case::the_night_the_clocks_change("2027-03-14T02:00:00Z", "2027-03-14T13:00:00Z")]
fn they_are_asked_between_nine_and_twenty_where_they_are(#[case] now: &str, #[case] asked: &str) {
    assert_eq!(Rules::default().open_from(at(now), named("America/New_York")), at(asked));
}

#[test]
fn a_type_may_have_a_delay_of_its_own() {
    let rules = Rules {
        by_type: vec![TypeDelay {
            type_id: "colour".to_owned(),
            delay_minutes: 24 * 60,
        }],
        ..Rules::default()
    };
    assert_eq!(rules.delay(Some("colour")), Duration::days(1));
    assert_eq!(rules.delay(Some("cut")), HOUR);
    assert_eq!(rules.delay(None), HOUR);
}

#[rstest]
#[case::too_soon(Rules { delay_minutes: 59, ..Rules::default() }, "delay_minutes")]
#[case::too_late(Rules { delay_minutes: 7 * 24 * 60 + 1, ..Rules::default() }, "delay_minutes")]
#[case::before_nine(Rules { from: 8 * 60, ..Rules::default() }, "from")]
#[case::after_twenty(Rules { to: 21 * 60, ..Rules::default() }, "from")]
#[case::no_hour_left(Rules { from: 600, to: 630, ..Rules::default() }, "from")]
#[case::of_a_type(Rules { by_type: vec![TypeDelay { type_id: String::new(), delay_minutes: 0 }], ..Rules::default() }, "by_type")]
fn what_rules_may_not_be(#[case] rules: Rules, #[case] field: &str) {
    let wrong: Vec<&str> = rules.wrong().into_iter().map(|(name, _)| name).collect();
    assert_eq!(wrong, [field]);
}

#[test]
fn no_rule_knows_how_somebody_felt() {
    assert!(Rules::default().wrong().is_empty());
    for name in FIELDS {
        let rules = format!(r#"{{"{name}": 5}}"#);
        assert!(serde_json::from_str::<Rules>(&rules).is_err(), "{name}");
        let why = reason(name).expect("a reason");
        assert!(why.contains(name) && why.contains("16 CFR 465"), "{why}");
    }
    assert_eq!(reason("location_id"), None);
}

fn parts(link: &str) -> Option<Parts<'_>> {
    let rest = link.strip_prefix("https://")?;
    let (before, query) = rest
        .split_once('?')
        .map_or((rest, None), |(before, query)| (before, Some(query)));
    let path_at = before.find('/').unwrap_or(before.len());
    Some(Parts {
        host: &before[..path_at],
        path: &before[path_at..],
        query,
    })
}

#[rstest]
#[case::google(
    Platform::Google,
    "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4",
    true
)]
#[case::with_more(
    Platform::Google,
    "https://search.google.com/local/writereview?hl=en&placeid=ChIJN1t_tDeuEmsRUsoyG83frY4",
    true
)]
#[case::short(Platform::Google, "https://g.page/r/CdQ8abcXYZ_1EAE/review", true)]
#[case::no_place(Platform::Google, "https://search.google.com/local/writereview", false)]
#[case::no_id(Platform::Google, "https://search.google.com/local/writereview?placeid=", false)]
#[case::maps(Platform::Google, "https://www.google.com/maps/place/Bright+Dental", false)]
#[case::not_google(
    Platform::Google,
    "https://search.google.com.evil.test/local/writereview?placeid=ChIJN1t_tDeuEmsR",
    false
)]
#[case::no_review(Platform::Google, "https://g.page/r/CdQ8abcXYZ_1EAE", false)]
#[case::no_link(Platform::Google, "Bright Dental", false)]
#[case::invitations(Platform::Trustpilot, "example.com+1a2b3c4d@invite.trustpilot.com", true)]
#[case::plain(Platform::Trustpilot, "https://www.trustpilot.com/evaluate/example.com", false)]
#[case::elsewhere(Platform::Trustpilot, "somebody@example.com", false)]
#[case::alike(Platform::Trustpilot, "x@nottrustpilot.com", false)]
#[case::of_their_own(Platform::Custom, "https://www.yelp.com/writeareview/biz/x", true)]
#[case::unsafe_link(Platform::Custom, "http://example.com/review", false)]
#[case::a_machine(Platform::Custom, "https://10.0.0.1/review", false)]
#[case::nearby(Platform::Custom, "https://printer.local/review", false)]
#[case::one_word(Platform::Custom, "https://localhost/review", false)]
fn the_address_of_a_platform(#[case] platform: Platform, #[case] typed: &str, #[case] fine: bool) {
    assert_eq!(fits(platform, typed, parts(typed)).is_ok(), fine);
}

#[test]
fn a_plain_link_to_trustpilot_is_taken_with_a_warning() {
    assert!(warning(Platform::Custom, "www.trustpilot.com").is_some());
    assert_eq!(warning(Platform::Custom, "www.yelp.com"), None);
    assert_eq!(warning(Platform::Custom, "nottrustpilot.com"), None);
}

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const PREVIEW_OF_IMESSAGE: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 \
     Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0";

#[rstest]
#[case::a_phone(false, false, Some(PHONE), Some(60), Visitor::Person)]
#[case::a_fast_thumb(false, false, Some(PHONE), Some(5), Visitor::Person)]
#[case::faster_than_anybody(false, false, Some(PHONE), Some(4), Visitor::Machine)]
#[case::before_it_left(false, false, Some(PHONE), None, Visitor::Machine)]
#[case::only_asks(true, false, Some(PHONE), Some(60), Visitor::Machine)]
#[case::fetched_ahead(false, true, Some(PHONE), Some(60), Visitor::Machine)]
#[case::imessage(false, false, Some(PREVIEW_OF_IMESSAGE), Some(60), Visitor::Machine)]
#[case::whatsapp(false, false, Some("WhatsApp/2.23.20.0"), Some(60), Visitor::Machine)]
#[case::a_scanner(false, false, Some("Barracuda Sentinel (EE)"), Some(60), Visitor::Machine)]
#[case::a_program(false, false, Some("curl/8.5.0"), Some(60), Visitor::Machine)]
#[case::nameless(false, false, None, Some(60), Visitor::Machine)]
#[case::blank(false, false, Some(" "), Some(60), Visitor::Machine)]
fn who_opened_a_link(
    #[case] head: bool,
    #[case] ahead: bool,
    #[case] agent: Option<&str>,
    #[case] seconds: Option<i64>,
    #[case] who: Visitor,
) {
    let since_sent = seconds.map(Duration::seconds);
    let hit = Hit {
        head,
        ahead,
        agent,
        since_sent,
    };
    assert_eq!(visitor(&hit), who);
}

#[rstest]
#[case("If you were happy with us, please leave a review: {{ link }}", "asks_by_mood")]
#[case("Loved it? If you’re happy, tell Google: {{ link }}", "asks_by_mood")]
#[case("If something went wrong, call us before you post. {{ link }}", "asks_by_mood")]
#[case("SI LE GUSTÓ su visita, escríbanos: {{ link }}", "asks_by_mood")]
#[case("Give us a 5-star review! {{ link }}", "asks_for_praise")]
#[case("Please leave us a positive  review {{ link }}", "asks_for_praise")]
#[case("¿Nos da 5 estrellas? {{ link }}", "asks_for_praise")]
#[case("How was it, from 1 to 10? {{ link }}", "asks_score_first")]
#[case("Reply 1-5, then see {{ link }}", "asks_score_first")]
#[case("Review us and get a discount: {{ link }}", "pays_for_reviews")]
#[case("Deje su opinión y reciba un regalo {{ link }}", "pays_for_reviews")]
fn a_text_may_not_choose_or_pay(#[case] text: &str, #[case] code: &str) {
    let (found, why) = by_mood(text).expect("refused");
    assert_eq!(found, code);
    assert!(why.contains("16 CFR 465"), "{why}");
}

#[rstest]
#[case("{{ business }}: thank you for your visit. How was it? {{ link }} Reply STOP to opt out.")]
#[case("Hi {{ name }}, would you tell others how your visit was? Good or bad, it helps: {{ link }}")]
#[case("Gracias por su visita. ¿Cómo fue? {{ link }}")]
#[case("Please rate us on Google, and feel free to call. {{ link }}")]
fn a_text_to_everybody_may(#[case] text: &str) {
    assert_eq!(by_mood(text), None);
}

proptest! {
    #[test]
    fn the_hours_hold_whatever_the_time_and_place(seconds in 1_750_000_000_i64..1_950_000_000, zone in prop::sample::select(vec![
        "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns",
    ])) {
        let (now, zone) = (DateTime::from_timestamp(seconds, 0).expect("a time"), named(zone));
        let rules = Rules::default();
        let asked = rules.open_from(now, zone);
        let local = asked.with_timezone(&zone);
        let minute = i32::try_from(local.hour() * 60 + local.minute()).expect("small");
        prop_assert!(asked >= now && asked - now < Duration::hours(26), "{now} {asked}");
        prop_assert!(HOURS.contains(&minute), "{local}");
        prop_assert_eq!(rules.open_from(asked, zone), asked);
        prop_assert!(rules.open_until(asked, zone) > asked);
    }

    #[test]
    fn links_are_short_and_known_as_such(chance: u64) {
        let code = code(chance);
        prop_assert!(is_code(&code), "{}", code);
        let others = [format!("{code}0"), code[1..].to_owned(), format!("{}/", &code[1..])];
        prop_assert!(others.iter().all(|other| !is_code(other)), "{:?}", others);
    }
}
