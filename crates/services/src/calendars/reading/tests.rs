use super::*;
use domain::zone::Zone;

/// Around the fixtures, which are of January 2027.
fn window() -> Window {
    let from = when::instant("2027-01-01T00:00:00Z").expect("a moment");
    Window(from, from + Duration::days(60))
}

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").expect("a zone")
}

fn reading(text: &str) -> Reading {
    read(text, berlin(), window()).expect("a calendar")
}

/// What would be appointments, as `time title`, with the minutes they take.
fn visits(reading: &Reading) -> Vec<String> {
    let mut on: Vec<&Occurrence> = reading.events.iter().filter(|one| !one.is_off).collect();
    on.sort_by_key(|one| (one.starts_at, one.uid.clone()));
    on.iter()
        .map(|one| {
            let minutes = one
                .ends_at
                .map_or("?".to_owned(), |end| (end - one.starts_at).num_minutes().to_string());
            format!("{} {} {minutes}", one.starts_at.format("%m-%dT%H:%MZ"), one.title)
        })
        .collect()
}

#[test]
fn google() {
    let reading = reading(include_str!("../../../tests/calendars/google.ics"));
    assert_eq!(
        visits(&reading),
        [
            "01-05T20:00Z Maya Lopez 45",
            "01-06T14:00Z Leo (415) 555-0172 30",
            "01-20T16:00Z Leo (415) 555-0172 30",
            "01-27T14:00Z Leo (415) 555-0172 30",
        ],
        "the 13th was taken out, the 20th moved, the rule ends before February 3rd"
    );
    assert_eq!(reading.zone, Some("America/New_York"));
    let off: Vec<&str> = reading
        .events
        .iter()
        .filter(|one| one.is_off)
        .map(|one| one.uid.as_str())
        .collect();
    assert_eq!(off.len(), 3, "all day, free and cancelled: {off:?}");
    let maya = reading.events.iter().find(|one| one.uid == "one@google.com").expect("hers");
    assert!(maya.words[0].contains("(415) 555-0171"), "{maya:?}");
}

#[test]
fn outlook_with_the_zones_of_windows_and_one_id_for_all_times() {
    let reading = reading(include_str!("../../../tests/calendars/outlook.ics"));
    assert_eq!(
        visits(&reading),
        [
            "01-11T09:00Z Eva +4930123456 30",
            "01-12T08:30Z Asha 45",
            "01-12T13:00Z Eva +4930123456 30",
            "01-13T09:00Z Eva +4930123456 30",
        ]
    );
    let keys: HashSet<_> = reading.events.iter().map(|one| (&one.uid, &one.recurrence)).collect();
    assert_eq!(keys.len(), reading.events.len(), "every time has a key of its own");
    assert!(reading.warnings.is_empty(), "{:?}", reading.warnings);
}

#[test]
fn apple_with_folded_lines_and_escapes() {
    let reading = reading(include_str!("../../../tests/calendars/apple.ics"));
    let one = &reading.events[0];
    assert!(one.title.ends_with("folds it onto a second line"), "{}", one.title);
    assert_eq!(one.words, ["Chair 2, by the window; 415-555-0174"]);
    assert_eq!(one.starts_at, when::instant("2027-01-15T00:00:00Z").expect("a moment"));
}

#[test]
fn nextcloud_with_paths_as_zones_clocks_without_one_and_a_no() {
    let reading = reading(include_str!("../../../tests/calendars/nextcloud.ics"));
    assert_eq!(visits(&reading), ["01-15T07:00Z Jonas 30", "01-15T09:00Z Floating ?"]);
    assert_eq!(
        reading.events.iter().find(|one| one.uid == "nc-1").expect("his").emails,
        ["jonas@example.com"]
    );
}

#[test]
fn cal_com() {
    let reading = reading(include_str!("../../../tests/calendars/calcom.ics"));
    assert_eq!(visits(&reading), ["01-16T18:30Z 30min between Ana and Maya 30"]);
    assert!(reading.events[0].words[0].contains("+14155550175"));
}

#[test]
fn what_is_odd_is_read_as_far_as_it_can_be_and_told_of() {
    let reading = reading(include_str!("../../../tests/calendars/fantastical.ics"));
    assert_eq!(
        visits(&reading),
        [
            "01-17T12:00Z Every minute ?",
            "01-17T15:00Z Whose clock ?",
            "01-18T13:00Z Ends before it begins ?",
            "01-19T14:00Z Twice the same id ?",
            "01-31T15:00Z Rosa 15",
        ],
        "February has no 31st"
    );
    let told = reading.warnings.join(" ");
    for word in [
        "every hour or more often",
        "Middle/Nowhere",
        "no id of their own",
        "without a beginning",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
}

fn wrapped(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

#[test]
fn a_time_that_the_clock_skips_is_the_first_after_it() {
    let at = |local: &str| {
        let event =
            format!("BEGIN:VEVENT\r\nUID:x\r\nDTSTART;TZID=Europe/Berlin:{local}\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\n");
        let from = when::instant("2027-03-01T00:00:00Z").expect("a moment");
        let found = read(&wrapped(&event), berlin(), Window(from, from + Duration::days(60))).expect("a calendar");
        found.events.iter().map(|one| one.starts_at.to_rfc3339()).collect::<Vec<_>>()
    };
    assert_eq!(
        at("20270321T023000"),
        [
            "2027-03-21T01:30:00+00:00",
            "2027-03-28T01:00:00+00:00",
            "2027-04-04T00:30:00+00:00"
        ],
        "the 28th has no half past two"
    );
}

#[test]
fn a_rule_from_long_ago_and_one_without_end_cost_little() {
    let event = "BEGIN:VEVENT\r\nUID:x\r\nSUMMARY:Daily\r\nDTSTART:19990101T090000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n";
    let found = read(&wrapped(event), berlin(), window()).expect("a calendar");
    assert_eq!(found.events.len(), 60);
}

#[test]
fn a_million_events_are_refused_or_cut_and_said() {
    let one = "BEGIN:VEVENT\r\nUID:%\r\nDTSTART:20270110T090000Z\r\nEND:VEVENT\r\n";
    let many: String = (0..6_000).map(|n| one.replace('%', &n.to_string())).collect();
    let found = read(&wrapped(&many), berlin(), window()).expect("a calendar");
    assert_eq!(found.events.len(), MOST_EVENTS);
    assert!(found.warnings[0].contains("first 5000 events"), "{:?}", found.warnings);
}

#[test]
fn what_is_no_calendar_is_said_so() {
    for text in [
        "<!doctype html><html>",
        "",
        "BEGIN:VCARD\r\nEND:VCARD\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n",
    ] {
        assert!(read(text, berlin(), window()).is_err(), "{text}");
    }
}
