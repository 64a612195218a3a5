//! What becomes of a row: of a person or a visit, by the same use cases as everywhere.

use chrono::{DateTime, Duration, Utc};
use contract::{Code, Problem};
use domain::{
    consent::State,
    imports::{Consent, Kind, Outcome, Reading, Record, Row, Said, Start, headers::normal},
    when,
    zone::Zone,
};
use entity::{
    businesses::{appointment_type, business, location},
    contacts::contact,
    imports::{import, import_key as key},
};
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use super::{Kept, kind, reading};
use crate::{
    appointments::{external, import as visits},
    businesses::{self, locations, types},
    contacts,
    kernel::{Actor, Error, Result, Tx, error::problem},
};

/// What all rows of a file share.
pub(super) struct Work {
    import: import::Model,
    kind: Kind,
    reading: Reading,
    actor: Actor,
    business: business::Model,
    consent: Option<Consent>,
    places: Vec<location::Model>,
    types: Vec<appointment_type::Model>,
}

/// What became of a row.
pub(super) struct Done {
    pub number: u32,
    pub outcome: Outcome,
    /// Why, where that is worth a word.
    pub note: String,
    pub changed: Vec<&'static str>,
    /// What it says, for people.
    pub words: String,
    /// What it is known by in its file; none: it does not count.
    pub key: Option<String>,
}

/// What was done with a row that can be read.
struct Saved {
    outcome: Outcome,
    note: String,
    changed: Vec<&'static str>,
    key: Option<String>,
}

impl Saved {
    fn of(created: bool, changed: Vec<&'static str>, key: String) -> Self {
        let outcome = match (created, changed.is_empty()) {
            (true, _) => Outcome::Created,
            (_, false) => Outcome::Updated,
            _ => Outcome::Unchanged,
        };
        Self {
            outcome,
            note: if created { String::new() } else { changed.join(", ") },
            changed: if created { Vec::new() } else { changed },
            key: Some(key),
        }
    }

    fn noting(mut self, more: Option<&str>) -> Self {
        if let Some(more) = more {
            self.note = if self.note.is_empty() {
                more.to_owned()
            } else {
                format!("{}. {more}", self.note)
            };
        }
        self
    }

    fn not(outcome: Outcome, note: String) -> Self {
        Self {
            outcome,
            note,
            changed: Vec::new(),
            key: None,
        }
    }
}

impl Work {
    pub(super) async fn of(tx: &mut Tx, import: &import::Model, actor: Actor) -> Result<Self> {
        let kind = kind(import)?;
        let about_visits = kind == Kind::Appointments;
        Ok(Self {
            kind,
            reading: reading(&tx.db, import).await?,
            business: businesses::of(tx, import.business_id).await?,
            consent: import.consent.as_deref().and_then(|consent| consent.parse().ok()),
            places: match about_visits {
                true => locations::all(&tx.db, import.business_id).await?,
                false => Vec::new(),
            },
            types: match about_visits {
                true => types::all(&tx.db, import.business_id).await?,
                false => Vec::new(),
            },
            import: import.clone(),
            actor,
        })
    }

    /// Whom these rows are about are held in one order, so that two files never wait for each other.
    pub(super) async fn reserve(&self, tx: &Tx, rows: &[Kept]) -> Result<()> {
        let read = rows.iter().filter_map(|kept| self.reading.row(&record(kept)).ok());
        let numbers: Vec<String> = read.filter_map(|row| Some(row.phone?.number)).collect();
        contacts::reserve(tx, self.import.business_id, &numbers.iter().map(String::as_str).collect()).await
    }

    /// Does a row, or leaves no trace of it.
    pub(super) async fn row(&self, tx: &mut Tx, kept: &Kept) -> Result<Done> {
        let refused = |words: String, note: String| Done {
            number: kept.number,
            outcome: Outcome::Refused,
            note,
            changed: Vec::new(),
            words,
            key: None,
        };
        let row = match self.reading.row(&record(kept)) {
            Ok(row) => row,
            Err(why) => return Ok(refused(raw(kept), why)),
        };
        let mark = tx.mark().await?;
        let saved = match self.kind {
            Kind::Contacts => self.contact(tx, &row).await,
            Kind::Appointments => self.visit(tx, &row).await,
        };
        match saved {
            Ok(saved) => {
                tx.keep().await?;
                Ok(Done {
                    number: kept.number,
                    outcome: saved.outcome,
                    note: saved.note,
                    changed: saved.changed,
                    words: self.words(&row),
                    key: saved.key,
                })
            }
            Err(Error::Problem(why)) => {
                tx.back_to(mark).await?;
                Ok(refused(self.words(&row), said(&why)))
            }
            Err(cause) if cause.is_duplicate() => {
                tx.back_to(mark).await?;
                let why = "Somebody else saved this at the same moment. Please import this row again.";
                Ok(refused(self.words(&row), why.to_owned()))
            }
            Err(cause) => Err(cause),
        }
    }

    async fn contact(&self, tx: &mut Tx, row: &Row) -> Result<Saved> {
        let Some(phone) = &row.phone else {
            return Err(problem(Code::Invalid, "This row has no phone number."));
        };
        let key = self.key(tx, &format!("number {}", phone.number));
        if let Some(first) = self.seen(tx, &key, row.number).await? {
            let note = format!("Row {first} has the same number.");
            return Ok(Saved::not(Outcome::Duplicate, note));
        }
        let evidence = self.evidence(row);
        let person = self.person(row, &phone.number, &evidence, false);
        let mut saved = contacts::from_file(tx, &self.actor, &person).await?;
        self.further(tx, &saved.contact, row, &mut saved.changed).await?;
        Ok(Saved::of(saved.created, saved.changed, key))
    }

    fn person<'a>(&self, row: &'a Row, phone: &'a str, evidence: &'a str, only_new: bool) -> contacts::FromFile<'a> {
        contacts::FromFile {
            name: row.name.as_deref(),
            phone,
            email: row.email.as_deref(),
            time_zone: row.time_zone.as_deref(),
            language: row.language.as_deref(),
            tags: &row.tags,
            // In a file of visits, notes are the visit's.
            notes: row.notes.as_deref().filter(|_| self.kind == Kind::Contacts),
            consent: self.agreed(row),
            evidence,
            only_new,
        }
    }

    /// What a row says of e-mails and of offers: each is a matter of its own, and only a column that says it settles it.
    async fn further(&self, tx: &mut Tx, person: &contact::Model, row: &Row, changed: &mut Vec<&'static str>) -> Result<()> {
        let from = |words: &str| format!("Import of {}, row {}: \"{words}\"", self.import.file_name, row.number);
        if let Some((state, words)) = &row.emails
            && contacts::agree_to_mail(tx, &self.actor, person, *state, &from(words)).await?
        {
            changed.push("email_consent");
        }
        if let Some((state, words)) = &row.offers
            && contacts::agree_to_offers(tx, &self.actor, person, *state, &from(words)).await?
        {
            changed.push("offers_consent");
        }
        Ok(())
    }

    /// What this row settles: a no of its own always counts.
    fn agreed(&self, row: &Row) -> Option<State> {
        let no = row.consent.filter(|state| *state == State::OptedOut);
        match self.consent {
            Some(Consent::Booked) => no.or(Some(State::OptedIn)),
            Some(Consent::Column) => row.consent,
            Some(Consent::Unknown) | None => no,
        }
    }

    fn evidence(&self, row: &Row) -> String {
        let from = format!("Import of {}, row {}", self.import.file_name, row.number);
        match self.consent {
            Some(Consent::Booked) => format!("{from}: number given for bookings"),
            _ if row.consent_words.is_empty() => from,
            _ => format!("{from}: \"{}\"", row.consent_words),
        }
    }

    async fn visit(&self, tx: &mut Tx, row: &Row) -> Result<Saved> {
        let place = self.place(row)?;
        let kind = self.type_of(row);
        let zone = locations::zone(&self.business, place);
        let (starts_at, ends_at) = times(row, zone)?;
        let number = row.phone.as_ref().map(|phone| phone.number.as_str());
        let key = self.key(tx, &visit_key(row, number, starts_at));
        if let Some(first) = self.seen(tx, &key, row.number).await? {
            return Ok(Saved::not(Outcome::Duplicate, format!("Row {first} is the same visit.")));
        }
        if starts_at <= tx.now && !self.import.include_past {
            return Ok(Saved::not(Outcome::Skipped, "It is past.".to_owned()));
        }
        // A type that is not known here is not lost: it stands in the notes.
        let unknown = row
            .kind
            .as_ref()
            .filter(|_| kind.is_none())
            .map(|name| format!("Type: {name}"));
        let notes: Vec<&str> = [row.notes.as_deref(), unknown.as_deref()].into_iter().flatten().collect();
        let notes = (!notes.is_empty()).then(|| notes.join("\n"));
        let mut visit = visits::FromFile {
            external_id: row.external_id.as_deref(),
            for_name: row.for_name.as_deref(),
            starts_at,
            ends_at,
            zone,
            type_id: kind.map(|kind| kind.id),
            type_minutes: kind.map(|kind| kind.minutes),
            location_id: place.map(|place| place.id),
            staff_label: row.staff_label.as_deref(),
            notes: notes.as_deref(),
            said: row.status,
        };
        let evidence = self.evidence(row);
        let mut there = self.named_visit(tx, row).await?;
        let Some(number) = number else {
            let Some(there) = there else {
                return Err(problem(Code::Invalid, "This row has no phone number."));
            };
            let done = visits::bring_up_to_date(tx, &self.actor, there, None, &visit).await?;
            return Ok(Saved::of(false, done.changed, key).noting(done.left));
        };
        let known = contacts::known(tx, self.import.business_id, number).await?;
        let other = known.as_ref().and_then(|known| other_name(known, row));
        visit.for_name = visit.for_name.or(other.as_deref());
        if let (None, Some(known)) = (there, &known) {
            there = visits::at(tx, known, visit.for_name, starts_at).await?.map(|row| row.id);
        }
        let Some(there) = there else {
            if row.status == Said::Cancelled && starts_at > tx.now {
                return Ok(Saved::not(
                    Outcome::Skipped,
                    "It is cancelled in the other system.".to_owned(),
                ));
            }
            if row.status != Said::Expected && starts_at > tx.now {
                return Err(problem(
                    Code::Invalid,
                    "This visit is said to be over, and has not begun yet.",
                ));
            }
            offered(place, kind)?;
            let saved = contacts::from_file(tx, &self.actor, &self.person(row, number, &evidence, true)).await?;
            visits::book(tx, &self.actor, &saved.contact, &visit).await?;
            let left = unknown
                .is_some()
                .then_some("Its type is not known here, and stands in the notes.");
            return Ok(Saved::of(true, Vec::new(), key).noting(left));
        };
        let mut done = visits::bring_up_to_date(tx, &self.actor, there, Some(number), &visit).await?;
        let saved = contacts::from_file(tx, &self.actor, &self.person(row, number, &evidence, true)).await?;
        done.changed.extend(saved.changed);
        Ok(Saved::of(false, done.changed, key).noting(done.left))
    }

    /// The visit that the row names by an id: the other system's, or ours in a file of ours.
    async fn named_visit(&self, tx: &Tx, row: &Row) -> Result<Option<Uuid>> {
        let business_id = self.import.business_id;
        if let Some(external_id) = &row.external_id
            && let Some(there) = external::called(&tx.db, business_id, external_id).await?
        {
            return Ok(Some(there.id));
        }
        let Some(id) = row.id.as_ref().and_then(|id| id.parse().ok()) else {
            return Ok(None);
        };
        Ok(visits::with_id(tx, business_id, id).await?.map(|row| row.id))
    }

    fn place(&self, row: &Row) -> Result<Option<&location::Model>> {
        let Some(name) = &row.location else { return Ok(None) };
        let found = self.places.iter().find(|place| normal(&place.name) == normal(name));
        match found {
            Some(place) => Ok(Some(place)),
            None => {
                let words = format!("There is no location \"{name}\" here. Add it in Settings, or do not import that column.");
                Err(problem(Code::Invalid, words))
            }
        }
    }

    fn type_of(&self, row: &Row) -> Option<&appointment_type::Model> {
        let name = row.kind.as_ref()?;
        self.types.iter().find(|kind| normal(&kind.name) == normal(name))
    }

    /// What a row is known by, as it is stored: numbers are not to be read from it.
    fn key(&self, tx: &Tx, text: &str) -> String {
        tx.services().vault().index("import.key", text)
    }

    /// The row of the file that is this one already; if there is none, it is this one from now on.
    async fn seen(&self, tx: &Tx, row_key: &str, number: u32) -> Result<Option<i32>> {
        let known = key::Entity::find_by_id((self.import.id, row_key.to_owned()))
            .one(&tx.db)
            .await?;
        if let Some(known) = known {
            return Ok(Some(known.row_number));
        }
        remember(tx, self.import.id, row_key, number).await?;
        Ok(None)
    }

    /// A row as it was read.
    fn words(&self, row: &Row) -> String {
        let phone = row.phone.as_ref().map(|phone| {
            let shown = domain::phone::display(&phone.number, "");
            if phone.assumed { format!("{shown} (assumed)") } else { shown }
        });
        let start = row.start.map(|start| match start {
            Start::At(at) => when::dated(at, businesses::zone(&self.business)),
            Start::Local(local) => local.format("%a, %b %-d, %Y at %-I:%M %p").to_string(),
        });
        let tags = (!row.tags.is_empty()).then(|| row.tags.join(", "));
        let parts = [
            row.name.clone(),
            phone,
            row.for_name.as_ref().map(|name| format!("for {name}")),
            start,
            row.minutes.map(|minutes| format!("{minutes} min")),
            row.kind.clone(),
            row.staff_label.clone(),
            row.location.clone(),
            row.email.clone(),
            tags,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(" · ")
    }
}

/// Remembers what a row is known by.
pub(super) async fn remember(tx: &Tx, import_id: Uuid, row_key: &str, number: u32) -> Result<()> {
    let row = key::ActiveModel {
        import_id: Set(import_id),
        row_key: Set(row_key.to_owned()),
        row_number: Set(number.try_into().unwrap_or(i32::MAX)),
    };
    key::Entity::insert(row).exec_without_returning(&tx.db).await?;
    Ok(())
}

fn record(kept: &Kept) -> Record {
    Record {
        number: kept.number,
        cells: kept.cells.clone(),
        too_long: kept.too_long,
    }
}

fn raw(kept: &Kept) -> String {
    let cells = kept.cells.iter().filter(|cell| !cell.is_empty()).take(4);
    let cells: Vec<String> = cells.map(|cell| domain::words::preview(cell, 40)).collect();
    cells.join(" · ")
}

/// What is wrong, in one line.
fn said(why: &Problem) -> String {
    let words: Vec<&str> = why.fields.iter().map(|field| field.message.as_str()).collect();
    if words.is_empty() {
        why.detail.clone()
    } else {
        words.join(" ")
    }
}

/// When a visit begins and ends, by the clock of its place.
fn times(row: &Row, zone: Zone) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let at = |start| match start {
        Start::At(at) => at,
        Start::Local(local) => when::local_to_utc(local, zone),
    };
    let Some(starts_at) = row.start.map(at) else {
        return Err(problem(Code::Invalid, "This row does not say when the visit is."));
    };
    // Whole seconds, as everywhere.
    let starts_at = DateTime::from_timestamp(starts_at.timestamp(), 0).unwrap_or(starts_at);
    let minutes = row.minutes.map(|minutes| starts_at + Duration::minutes(minutes.into()));
    Ok((starts_at, row.end.map(at).or(minutes)))
}

/// What is put away can't be chosen for a new visit.
fn offered(place: Option<&location::Model>, kind: Option<&appointment_type::Model>) -> Result<()> {
    let place = place.filter(|place| place.archived_at.is_some()).map(|place| &place.name);
    let kind = kind.filter(|kind| kind.archived_at.is_some()).map(|kind| &kind.name);
    match place.or(kind) {
        Some(name) => Err(problem(Code::Invalid, format!("{name} is not in use any more."))),
        None => Ok(()),
    }
}

/// What makes two rows the same visit.
fn visit_key(row: &Row, number: Option<&str>, starts_at: DateTime<Utc>) -> String {
    match (&row.external_id, &row.id) {
        (Some(id), _) => format!("external {id}"),
        (None, Some(id)) => format!("id {id}"),
        (None, None) => {
            let who = row.for_name.as_ref().or(row.name.as_ref()).map(|name| alike(name));
            let minute = starts_at.timestamp().div_euclid(60);
            format!("visit {} {} {minute}", number.unwrap_or_default(), who.unwrap_or_default())
        }
    }
}

/// Whom a visit is for, where the phone is somebody else's: a family shares it.
fn other_name(known: &contact::Model, row: &Row) -> Option<String> {
    let name = row.name.as_ref().filter(|_| !known.name.is_empty())?;
    if alike(name) == alike(&known.name) {
        return None;
    }
    name.split_whitespace().next().map(str::to_owned)
}

/// `Lee, Ann` and `Ann Lee` are one.
fn alike(name: &str) -> String {
    let normal = normal(name);
    let mut words: Vec<&str> = normal.split(' ').collect();
    words.sort_unstable();
    words.join(" ")
}
