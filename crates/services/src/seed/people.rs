//! Who comes to the demo's clinic, and when.

/// Somebody and a visit of theirs.
pub(super) struct Visit {
    pub name: &'static str,
    pub phone: &'static str,
    /// Days from today; before 0 it is over.
    pub day: i64,
    /// By the clock of the place.
    pub time: &'static str,
    /// Places in the lists below.
    pub kind: usize,
    pub place: usize,
    pub staff: usize,
    /// Whom it is for, where that is not who has the phone.
    pub child: Option<&'static str>,
    pub notes: &'static str,
    pub state: State,
}

/// What has become of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Reminded of by hand.
    Reminded,
    Confirmed,
    Completed,
    Missed,
    Cancelled,
}

/// Name, address, opening hours from Monday to Friday.
pub(super) const PLACES: [(&str, &str, &str); 3] = [
    ("Downtown", "200 Market Street, San Francisco", "8:00-12:00, 13:00-18:00"),
    ("Northside", "48 Lombard Street, San Francisco", "9:00-17:00"),
    ("Oakland", "77 Broadway, Oakland", "8:30-16:30"),
];

/// Name and colour.
pub(super) const STAFF: [(&str, &str); 5] = [
    ("Dr. Osei", "blue"),
    ("Dr. Lund", "green"),
    ("Dr. Park", "violet"),
    ("Hygiene", "teal"),
    ("Front desk", "grey"),
];

/// Name, minutes, price, colour, months until it is due again.
pub(super) const TYPES: [(&str, i32, i64, &str, Option<i32>); 6] = [
    ("Check-up", 30, 80, "blue", Some(6)),
    ("Cleaning", 45, 95, "teal", Some(6)),
    ("Filling", 60, 180, "amber", None),
    ("Crown", 90, 950, "violet", None),
    ("Root canal", 90, 720, "red", None),
    ("Consultation", 20, 0, "green", None),
];

const fn visit(
    name: &'static str,
    phone: &'static str,
    day: i64,
    time: &'static str,
    what: [usize; 3],
    notes: &'static str,
) -> Visit {
    let [kind, place, staff] = what;
    Visit {
        name,
        phone,
        day,
        time,
        kind,
        place,
        staff,
        child: None,
        notes,
        state: State::Open,
    }
}

impl Visit {
    const fn of(mut self, child: &'static str) -> Self {
        self.child = Some(child);
        self
    }

    const fn is(mut self, state: State) -> Self {
        self.state = state;
        self
    }
}

/// Soonest first for each person.
pub(super) const VISITS: [Visit; 34] = [
    visit("Maya Lindqvist", "+14155550111", -12, "15:30", [1, 0, 3], "Cleaning").is(State::Completed),
    visit("Maya Lindqvist", "+14155550111", 1, "15:30", [0, 0, 0], "Check-up").is(State::Reminded),
    visit("Tom Becker", "+14155550112", -9, "09:00", [0, 0, 0], "").is(State::Missed),
    visit("Tom Becker", "+14155550112", 2, "09:00", [2, 0, 0], "Filling, upper left"),
    visit("Aisha Rahman", "+14155550113", 2, "10:30", [1, 0, 3], "Cleaning"),
    visit(
        "Grace O'Connor",
        "+14155550114",
        -11,
        "11:00",
        [3, 0, 1],
        "Crown, first visit",
    )
    .is(State::Completed),
    visit("Grace O'Connor", "+14155550114", 3, "11:00", [3, 0, 1], "Crown, second visit"),
    visit("Diego Fuentes", "+14155550115", 3, "14:00", [1, 1, 3], "Cleaning").is(State::Confirmed),
    visit("Hannah Kim", "+14155550116", 4, "16:15", [5, 1, 1], "Consultation"),
    visit("Peter Novak", "+14155550117", -5, "08:45", [4, 0, 0], "Root canal").is(State::Completed),
    visit("Peter Novak", "+14155550117", 5, "08:45", [4, 0, 0], "Root canal follow-up").is(State::Confirmed),
    visit("Sofia Marino", "+14155550118", 7, "13:00", [1, 0, 3], "Cleaning"),
    visit("Liam Walsh", "+14155550119", -8, "09:30", [0, 2, 1], "").is(State::Cancelled),
    visit("Liam Walsh", "+14155550119", 8, "09:30", [0, 2, 1], "Check-up"),
    visit("Maria Rossi", "+14155550120", -13, "10:00", [0, 0, 2], "")
        .of("Leo Rossi")
        .is(State::Completed),
    visit("Maria Rossi", "+14155550120", 2, "10:00", [0, 0, 2], "First filling").of("Leo Rossi"),
    visit("Maria Rossi", "+14155550120", 2, "10:30", [0, 0, 2], "").of("Mia Rossi"),
    visit("Lucia Hernandez", "+14155550121", -6, "12:00", [1, 2, 3], "").is(State::Completed),
    visit("Lucia Hernandez", "+14155550121", 2, "12:00", [2, 2, 1], "Prefers Spanish").is(State::Reminded),
    visit("Carlos Ruiz", "+14155550122", -4, "14:30", [0, 2, 1], "").is(State::Missed),
    visit("Carlos Ruiz", "+14155550122", 6, "14:30", [0, 2, 1], "Prefers Spanish"),
    visit("Ingrid Sato", "+14155550123", -10, "16:00", [5, 1, 2], "").is(State::Completed),
    visit("Ingrid Sato", "+14155550123", 0, "16:00", [3, 1, 2], "Crown"),
    visit("Noah Adeyemi", "+14155550124", -3, "09:15", [1, 0, 3], "").is(State::Completed),
    visit("Noah Adeyemi", "+14155550124", 9, "09:15", [1, 0, 3], "Cleaning"),
    visit("Olga Petrova", "+14155550125", -7, "13:45", [2, 0, 0], "").is(State::Completed),
    visit("Olga Petrova", "+14155550125", 10, "13:45", [0, 0, 0], "Check-up"),
    visit("Jack Turner", "+14155550126", -2, "11:30", [0, 1, 1], "").is(State::Missed),
    visit("Jack Turner", "+14155550126", 11, "11:30", [0, 1, 1], "Missed the last one"),
    visit("Emma Fischer", "+14155550127", -1, "10:00", [1, 1, 3], ""),
    visit("Emma Fischer", "+14155550127", 12, "10:00", [0, 1, 1], "Check-up"),
    visit("Yusuf Demir", "+14155550128", -1, "15:00", [2, 0, 2], ""),
    visit("Chloe Martin", "+14155550129", 0, "17:00", [5, 0, 4], "Consultation").is(State::Confirmed),
    visit("Ravi Patel", "+14155550130", 13, "08:30", [4, 0, 0], "Root canal"),
];

/// Who is written to in Spanish.
pub(super) const SPANISH: [&str; 2] = ["+14155550121", "+14155550122"];

/// Name and text.
pub(super) const REPLIES: [(&str, &str); 3] = [
    (
        "Parking",
        "Yes, there is a garage next door; the first hour is free for our patients.",
    ),
    (
        "Running late",
        "No problem, thank you for telling us. Please come as soon as you can.",
    ),
    (
        "Insurance",
        "Please bring your insurance card; we check it at the desk before your visit.",
    ),
];

/// Who has come for a year: name and phone.
pub(super) const REGULARS: [(&str, &str); 40] = [
    ("Anna Adams", "+14155561000"),
    ("Ben Hughes", "+14155561001"),
    ("Clara Evans", "+14155561002"),
    ("David Baker", "+14155561003"),
    ("Elena Irwin", "+14155561004"),
    ("Felix Foster", "+14155561005"),
    ("Greta Clark", "+14155561006"),
    ("Hugo Jensen", "+14155561007"),
    ("Iris Green", "+14155561008"),
    ("Jonas Davis", "+14155561009"),
    ("Karin Adams", "+14155561010"),
    ("Leon Hughes", "+14155561011"),
    ("Mira Evans", "+14155561012"),
    ("Nils Baker", "+14155561013"),
    ("Olive Irwin", "+14155561014"),
    ("Paul Foster", "+14155561015"),
    ("Quinn Clark", "+14155561016"),
    ("Rosa Jensen", "+14155561017"),
    ("Simon Green", "+14155561018"),
    ("Tara Davis", "+14155561019"),
    ("Uma Adams", "+14155561020"),
    ("Victor Hughes", "+14155561021"),
    ("Wendy Evans", "+14155561022"),
    ("Xavier Baker", "+14155561023"),
    ("Yara Irwin", "+14155561024"),
    ("Zoe Foster", "+14155561025"),
    ("Alma Clark", "+14155561026"),
    ("Bruno Jensen", "+14155561027"),
    ("Celia Green", "+14155561028"),
    ("Dora Davis", "+14155561029"),
    ("Anna Baker", "+14155561030"),
    ("Ben Irwin", "+14155561031"),
    ("Clara Foster", "+14155561032"),
    ("David Clark", "+14155561033"),
    ("Elena Jensen", "+14155561034"),
    ("Felix Green", "+14155561035"),
    ("Greta Davis", "+14155561036"),
    ("Hugo Adams", "+14155561037"),
    ("Iris Hughes", "+14155561038"),
    ("Jonas Evans", "+14155561039"),
];

/// Visits of a weekday, in twelfths, by month: people are away in summer and at the end of the year, and come back after.
pub(super) const SEASON: [usize; 12] = [66, 60, 57, 57, 56, 52, 40, 37, 62, 63, 56, 36];
pub(super) const TIMES: [&str; 10] = [
    "08:30", "09:15", "10:00", "10:45", "11:30", "13:00", "13:45", "14:30", "15:15", "16:00",
];
/// What people write between visits, and what they read then.
pub(super) const TALK: [(&str, &str); 4] = [
    ("Is there parking at the clinic?", "Yes, there is a garage next door."),
    ("Do you take my insurance?", "We do; please bring the card."),
    ("How long will it take?", "About 45 minutes."),
    ("Can my son come along?", "Of course."),
];
