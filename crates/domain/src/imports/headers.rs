//! What a column holds, told by its heading in English or Spanish, however it is spelt.

use crate::{phone, words::words};

use super::dates;

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What we call the visit, in a file of ours.
    Id,
    /// A whole name.
    Name,
    /// The first part of a name.
    FirstName,
    /// The last part of a name.
    LastName,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// An IANA name.
    TimeZone,
    /// Like `es`.
    Language,
    /// Words, with commas between them.
    Tags,
    /// Anything.
    Notes,
    /// Whether they agreed to texts.
    Consent,
    /// Whether they agreed to e-mails about their visits.
    EmailConsent,
    /// Whether they agreed to offers.
    OffersConsent,
    /// Whom a visit is for, if not for the owner of the phone.
    ForName,
    /// Day and time.
    StartsAt,
    /// The day alone.
    Date,
    /// The time alone.
    Time,
    /// When it ends.
    EndsAt,
    /// How long it takes.
    Minutes,
    /// The name of a type of visits.
    Type,
    /// The name of a location.
    Location,
    /// Who it is with.
    StaffLabel,
    /// What the other system calls it.
    ExternalId,
    /// Whether it still stands.
    Status,
}

words!(Field is a "field": Id = "id", Name = "name", FirstName = "first_name", LastName = "last_name", Phone = "phone", Email = "email",
    TimeZone = "time_zone", Language = "language", Tags = "tags", Notes = "notes", Consent = "consent",
    EmailConsent = "email_consent", OffersConsent = "offers_consent", ForName = "for_name",
    StartsAt = "starts_at", Date = "date", Time = "time", EndsAt = "ends_at", Minutes = "minutes", Type = "type", Location = "location",
    StaffLabel = "staff_label", ExternalId = "external_id", Status = "status");

impl Field {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Id => "Showup's id of the visit",
            Self::Name => "Name",
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::Phone => "Phone",
            Self::Email => "E-mail",
            Self::TimeZone => "Time zone",
            Self::Language => "Language",
            Self::Tags => "Tags",
            Self::Notes => "Notes",
            Self::Consent => "Agreed to texts",
            Self::EmailConsent => "Agreed to e-mails",
            Self::OffersConsent => "Agreed to offers",
            Self::ForName => "Whom the visit is for",
            Self::StartsAt => "Day and time",
            Self::Date => "Day",
            Self::Time => "Time",
            Self::EndsAt => "End",
            Self::Minutes => "Minutes",
            Self::Type => "Type of visit",
            Self::Location => "Location",
            Self::StaffLabel => "With whom",
            Self::ExternalId => "Id in the other system",
            Self::Status => "Status",
        }
    }

    /// What a file of this kind can say.
    #[must_use]
    pub const fn of(kind: super::Kind) -> &'static [Field] {
        use Field as F;
        match kind {
            super::Kind::Contacts => &[
                F::Name,
                F::FirstName,
                F::LastName,
                F::Phone,
                F::Email,
                F::TimeZone,
                F::Language,
                F::Tags,
                F::Notes,
                F::Consent,
                F::EmailConsent,
                F::OffersConsent,
            ],
            super::Kind::Appointments => &[
                F::Name,
                F::FirstName,
                F::LastName,
                F::Phone,
                F::Email,
                F::ForName,
                F::StartsAt,
                F::Date,
                F::Time,
                F::EndsAt,
                F::Minutes,
                F::Type,
                F::Location,
                F::StaffLabel,
                F::Notes,
                F::Consent,
                F::ExternalId,
                F::Status,
                F::Id,
            ],
        }
    }

    const fn synonyms(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["id"],
            Self::Name => &[
                "name",
                "full name",
                "contact",
                "contact name",
                "customer",
                "customer name",
                "client",
                "client name",
                "patient",
                "patient name",
                "nombre",
                "nombre completo",
                "nombre y apellidos",
                "cliente",
                "paciente",
                "contacto",
                "display name",
                "nombre del paciente",
                "nombre del cliente",
            ],
            Self::FirstName => &[
                "first name",
                "firstname",
                "given name",
                "forename",
                "first",
                "nombre de pila",
                "primer nombre",
                "nombres",
                "patient first name",
                "client first name",
            ],
            Self::LastName => &[
                "last name",
                "lastname",
                "family name",
                "surname",
                "last",
                "apellido",
                "apellidos",
                "patient last name",
                "client last name",
            ],
            Self::Phone => &[
                "phone",
                "phone number",
                "mobile",
                "mobile phone",
                "mobile number",
                "cell",
                "cell phone",
                "cellphone",
                "cell number",
                "tel",
                "telephone",
                "telefono",
                "telefono movil",
                "movil",
                "celular",
                "numero de telefono",
                "phone 1 value",
                "primary phone",
                "contact number",
                "sms",
                "whatsapp",
                "telefono celular",
                "home phone",
                "work phone",
                "number",
            ],
            Self::Email => &[
                "email",
                "e mail",
                "email address",
                "e mail address",
                "e mail 1 value",
                "mail",
                "correo",
                "correo electronico",
                "direccion de correo",
                "email 1 value",
            ],
            Self::TimeZone => &["time zone", "timezone", "zona horaria", "tz"],
            Self::Language => &["language", "preferred language", "idioma", "lengua", "lang", "locale"],
            Self::Tags => &[
                "tags",
                "tag",
                "labels",
                "label",
                "groups",
                "group",
                "group membership",
                "etiquetas",
                "etiqueta",
                "grupo",
                "grupos",
                "categories",
            ],
            Self::Notes => &[
                "notes",
                "note",
                "comment",
                "comments",
                "remarks",
                "notas",
                "nota",
                "comentarios",
                "observaciones",
                "reason",
            ],
            Self::Consent => &[
                "consent",
                "sms consent",
                "text consent",
                "opt in",
                "opted in",
                "sms opt in",
                "consent sms",
                "consentimiento",
                "agreed to texts",
                "ok to text",
                "acepta sms",
                "acepta mensajes",
            ],
            Self::EmailConsent => &["email consent", "email opt in", "agreed to e mails"],
            Self::OffersConsent => &["offers", "agreed to offers", "marketing consent", "newsletter"],
            Self::ForName => &[
                "for",
                "for name",
                "visit for",
                "child",
                "child name",
                "pet",
                "pet name",
                "para",
                "hijo",
                "mascota",
            ],
            Self::StartsAt => &[
                "starts at",
                "start",
                "start time and date",
                "appointment",
                "appointment time and date",
                "date and time",
                "datetime",
                "date time",
                "appointment date and time",
                "when",
                "fecha y hora",
                "cita",
                "inicio",
                "start date and time",
                "starts",
                "appointment datetime",
                "visit",
            ],
            Self::Date => &[
                "date",
                "day",
                "appointment date",
                "visit date",
                "start date",
                "fecha",
                "dia",
                "fecha de la cita",
                "fecha cita",
            ],
            Self::Time => &[
                "time",
                "start time",
                "appointment time",
                "hour",
                "hora",
                "hora de inicio",
                "hora cita",
                "hora de la cita",
                "visit time",
            ],
            Self::EndsAt => &["ends at", "end", "ends", "end time", "fin", "hora de fin", "termina"],
            Self::Minutes => &[
                "minutes",
                "duration",
                "length",
                "duration minutes",
                "minutos",
                "duracion",
                "duration min",
                "mins",
            ],
            Self::Type => &[
                "type",
                "type name",
                "service",
                "appointment type",
                "visit type",
                "treatment",
                "procedure",
                "tipo",
                "servicio",
                "tratamiento",
                "tipo de cita",
            ],
            Self::Location => &[
                "location",
                "office",
                "clinic",
                "branch",
                "place",
                "lugar",
                "sede",
                "consultorio",
                "clinica",
                "sucursal",
            ],
            Self::StaffLabel => &[
                "staff",
                "staff label",
                "provider",
                "with",
                "doctor",
                "dentist",
                "hygienist",
                "stylist",
                "therapist",
                "employee",
                "practitioner",
                "profesional",
                "dentista",
                "con",
                "empleado",
                "resource",
                "technician",
            ],
            Self::ExternalId => &[
                "external id",
                "appointment id",
                "visit id",
                "booking id",
                "reference",
                "id externo",
                "id de cita",
                "appt id",
            ],
            Self::Status => &["status", "state", "estado", "appointment status", "situacion"],
        }
    }
}

/// A heading as it is compared: lower case, without accents, signs as one space.
#[must_use]
pub fn normal(header: &str) -> String {
    let plain = |c: char| match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        c if c.is_alphanumeric() => c,
        _ => ' ',
    };
    let folded: String = header.chars().flat_map(char::to_lowercase).map(plain).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a heading names, if that is known.
fn named(header: &str) -> Option<Field> {
    let normal = normal(header);
    Field::ALL
        .iter()
        .copied()
        .find(|field| field.as_str().replace('_', " ") == normal || field.synonyms().contains(&normal.as_str()))
        .or_else(|| is_phone(&normal).then_some(Field::Phone))
}

/// `Mobile phone (preferred)`, but not `Phone type`.
fn is_phone(normal: &str) -> bool {
    let has = |words: &[&str]| normal.split(' ').any(|word| words.contains(&word));
    has(&[
        "phone",
        "mobile",
        "cell",
        "cellphone",
        "telephone",
        "telefono",
        "movil",
        "celular",
    ]) && !has(&["type", "tipo", "label", "etiqueta", "ext", "extension", "carrier"])
}

/// A mobile number can be texted; of several columns it is taken first.
fn is_mobile(header: &str) -> bool {
    let normal = normal(header);
    normal
        .split(' ')
        .any(|word| ["mobile", "cell", "cellphone", "movil", "celular", "sms"].contains(&word))
}

/// What each column seems to hold; nothing twice.
#[must_use]
pub fn guess(headers: &[&str]) -> Vec<Option<Field>> {
    let mut all: Vec<Option<Field>> = headers.iter().map(|header| named(header)).collect();
    let mobile = headers
        .iter()
        .zip(&all)
        .position(|(header, field)| *field == Some(Field::Phone) && is_mobile(header));
    let mut taken = Vec::new();
    for (index, field) in all.iter_mut().enumerate() {
        let other = *field == Some(Field::Phone) && mobile.is_some_and(|mobile| mobile != index);
        match *field {
            Some(known) if !other && !taken.contains(&known) => taken.push(known),
            _ => *field = None,
        }
    }
    // "Nombre" beside "Apellidos" is the first name.
    if taken.contains(&Field::LastName) && !taken.contains(&Field::FirstName) {
        for field in all.iter_mut().filter(|field| **field == Some(Field::Name)) {
            *field = Some(Field::FirstName);
        }
    }
    all
}

/// Whether a first row names columns: a heading we know, or nothing in it that looks like somebody's number, address or day.
#[must_use]
pub fn is_header(cells: &[String]) -> bool {
    let is_data = |cell: &&String| {
        let digits = cell.chars().filter(char::is_ascii_digit).count();
        let number = digits >= 7 || phone::is_e164(cell.trim());
        number || (cell.contains('@') && cell.contains('.')) || dates::looks_like_one(cell)
    };
    !cells.iter().any(|cell| is_data(&cell)) && (cells.iter().any(|cell| named(cell).is_some()) || cells.len() > 1)
}

/// What files with these headings have in common, whatever their cells hold.
#[must_use]
pub fn fingerprint(headers: &[&str]) -> String {
    use sha2::{Digest, Sha256};
    let all: Vec<String> = headers.iter().map(|header| normal(header)).collect();
    hex::encode(Sha256::digest(all.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests;
