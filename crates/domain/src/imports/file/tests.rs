use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn read(bytes: &[u8], piece: usize) -> Result<(Vec<Record>, Summary), FileProblem> {
    let (mut reader, mut records) = (Reader::default(), Vec::new());
    for some in bytes.chunks(piece) {
        records.extend(reader.push(some)?);
    }
    let (last, summary) = reader.finish()?;
    records.extend(last);
    Ok((records, summary))
}

fn cells(bytes: &[u8]) -> (Vec<Vec<String>>, Summary) {
    let (records, summary) = read(bytes, 7).expect("a file that can be read");
    assert_eq!(read(bytes, 1_000_000), Ok((records.clone(), summary.clone())), "in one piece");
    (records.into_iter().map(|r| r.cells).collect(), summary)
}

#[rstest]
#[case::commas("Name,Phone\nAnn,1\nBo,2\n", ',')]
#[case::semicolons("Name;Phone\nAnn, of 5, Main;1\nBo;2\n", ';')]
#[case::tabs("Name\tPhone\nAnn\t1\n", '\t')]
#[case::bars("Name|Phone\nAnn|1\n", '|')]
#[case::said("sep=;\r\nName;Phone\r\nAnn;1,2,3\r\n", ';')]
#[case::said_tab("sep=\t\nName\tPhone\nAnn\t1\n", '\t')]
#[case::quoted_commas("Name;Phone\n\"a,b\";1\n\"c,d\";2\n", ';')]
#[case::one_column("Phone\n4155550171\n", ',')]
fn what_stands_between_cells_is_found(#[case] file: &str, #[case] delimiter: char) {
    let (rows, summary) = cells(file.as_bytes());
    assert_eq!((summary.delimiter, summary.has_header), (delimiter, true), "{rows:?}");
}

#[test]
fn quotes_lines_within_them_and_empty_rows() {
    let file = "Name,Notes\r\n\"Ann \"\"A\"\" Lee\",\"one\r\ntwo\"\r\n,,\r\nBo,three\r\n,\r\n,\r\n";
    let (rows, summary) = cells(file.as_bytes());
    assert_eq!(rows, [["Ann \"A\" Lee", "one\r\ntwo"], ["Bo", "three"]]);
    assert_eq!(summary.rows, 2);
    let (records, _) = read(file.as_bytes(), 3).expect("read");
    // As the spreadsheet counts them: the empty row is one.
    assert_eq!(records.iter().map(|r| r.number).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn every_encoding_gives_the_same_rows() {
    let text = "Nombre;Teléfono\r\nJosé Núñez;4155550171\r\n";
    let wide = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        let all = text.encode_utf16().flat_map(bytes);
        mark.into_iter().chain(all).collect::<Vec<u8>>()
    };
    let western: Vec<u8> = text.chars().map(|c| c as u8).collect();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8),
        (wide(u16::to_le_bytes, [0xff, 0xfe]), Encoding::Utf16Le),
        (wide(u16::to_be_bytes, [0xfe, 0xff]), Encoding::Utf16Be),
        (western, Encoding::Windows1252),
    ] {
        let (rows, summary) = cells(&bytes);
        assert_eq!(rows, [["José Núñez", "4155550171"]], "{encoding}");
        assert_eq!((summary.encoding, summary.columns[1].header.as_str()), (encoding, "Teléfono"));
        assert_eq!(summary.guess(), [Some(Field::Name), Some(Field::Phone)]);
    }
}

#[test]
fn a_file_without_headings_says_so() {
    let (rows, summary) = cells(b"Ann Lee,4155550171\nBo Day,4155550172\n");
    assert_eq!(rows.len(), 2, "the first row is somebody");
    assert!(!summary.has_header);
    assert_eq!(summary.columns[0].header, "Column 1");
    assert_eq!(summary.guess(), [None, None]);
}

#[test]
fn a_cell_of_five_megabytes_takes_no_room_and_marks_its_row() {
    let long = "x".repeat(5_000_000);
    let file = format!("Name,Phone\nAnn,1\n\"{long}\",2\nBo,3\n");
    let (records, summary) = read(file.as_bytes(), 64 * 1024).expect("read");
    let marked: Vec<bool> = records.iter().map(|r| r.too_long).collect();
    assert_eq!(marked, [false, true, false]);
    assert_eq!(records[1].cells[0].len(), MOST_CELL);
    assert_eq!(summary.rows, 3);
}

#[rstest]
#[case::nothing(b"".as_slice(), FileProblem::Empty)]
#[case::blank_rows(b",,\n,,\n".as_slice(), FileProblem::Empty)]
#[case::workbook(b"PK\x03\x04rest".as_slice(), FileProblem::Workbook)]
#[case::picture(b"\x89PNG\0\0\0name,phone".as_slice(), FileProblem::NotText)]
#[case::unclosed(b"Name,Phone\nAnn,1\n\"Bo,2\nCy,3\n".as_slice(), FileProblem::Unclosed(3))]
fn what_is_no_table_is_refused_in_words(#[case] bytes: &[u8], #[case] problem: FileProblem) {
    assert_eq!(read(bytes, 1_000_000).expect_err("refused"), problem);
}

#[test]
fn a_file_is_bounded() {
    let wide = vec!["x"; MOST_COLUMNS + 1].join(",");
    assert_eq!(read(wide.as_bytes(), 1000), Err(FileProblem::TooWide(1)));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..20) {
        prop_assert_eq!(read(&bytes, piece).ok(), read(&bytes, piece + 1).ok());
    }

    #[test]
    fn what_was_written_as_csv_is_read_again(rows in proptest::collection::vec(proptest::collection::vec("[a-z,;\"\r\n é]{0,8}", 2..4), 1..30)) {
        let quoted = |cell: &String| format!("\"x{}\"", cell.replace('"', "\"\""));
        let line = |row: &Vec<String>| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
        let file = "sep=,\r\nname,phone,notes\r\n".to_owned() + &rows.iter().map(line).collect::<String>();
        let (records, _) = read(file.as_bytes(), 11).expect("read");
        let again: Vec<Vec<String>> = records.into_iter().map(|r| r.cells).collect();
        let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(|cell| format!("x{cell}")).collect()).collect();
        prop_assert_eq!(again, rows);
    }
}
