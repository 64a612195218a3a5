use rstest::rstest;

use super::*;

#[rstest]
#[case("Phone", Some(Field::Phone))]
#[case("MOBILE_NUMBER", Some(Field::Phone))]
#[case("Teléfono móvil", Some(Field::Phone))]
#[case("Phone 1 - Value", Some(Field::Phone))]
#[case("phone_number", Some(Field::Phone))]
#[case("Cell (preferred)", Some(Field::Phone))]
#[case("Phone 1 - Type", None)]
#[case("E-mail 1 - Value", Some(Field::Email))]
#[case("Correo electrónico", Some(Field::Email))]
#[case("Nombre", Some(Field::Name))]
#[case("Fecha", Some(Field::Date))]
#[case("Appointment Time", Some(Field::Time))]
#[case("starts_at", Some(Field::StartsAt))]
#[case("external_id", Some(Field::ExternalId))]
#[case("Shoe size", None)]
fn a_heading_names_what_it_holds(#[case] header: &str, #[case] field: Option<Field>) {
    assert_eq!(named(header), field, "{header}");
}

#[test]
fn no_two_headings_are_alike() {
    let mut seen = std::collections::BTreeMap::new();
    for field in Field::ALL {
        for word in field.synonyms() {
            assert_eq!(normal(word), *word, "as it is compared");
            assert_eq!(seen.insert(*word, *field), None, "{word}");
        }
    }
}

#[test]
fn of_several_numbers_the_mobile_one_is_taken() {
    let all = guess(&["Name", "Home phone", "Mobile", "Work phone", "Name"]);
    assert_eq!(all, [Some(Field::Name), None, Some(Field::Phone), None, None]);
    let spanish = guess(&["Nombre", "Apellidos", "Móvil"]);
    assert_eq!(spanish, [Some(Field::FirstName), Some(Field::LastName), Some(Field::Phone)]);
}

#[rstest]
#[case(&["Name", "Phone"], true)]
#[case(&["Phone"], true)]
#[case(&["Kunde", "Rufnummer"], true)]
#[case(&["Ann Lee", "4155550171"], false)]
#[case(&["Ann Lee", "ann@example.com"], false)]
#[case(&["Ann Lee", "1/5/2027"], false)]
#[case(&["Ann"], false)]
fn a_first_row_of_people_is_no_heading(#[case] cells: &[&str], #[case] is: bool) {
    let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
    assert_eq!(is_header(&cells), is);
}

#[test]
fn files_of_one_system_are_known_again() {
    assert_eq!(fingerprint(&["Name", "Teléfono"]), fingerprint(&["NAME ", "telefono"]));
    assert_ne!(fingerprint(&["Name", "Phone"]), fingerprint(&["Phone", "Name"]));
}
