//! Reports as files and as rows for another system.

use contract::reports::{Cell, Report};
use domain::imports::harmless;
use serde_json::{Map, Value};

use crate::kernel::{Error, Result};

/// Each row as an object, by the columns' keys.
#[must_use]
pub fn as_rows(report: &Report) -> Vec<Map<String, Value>> {
    let value = |cell: &Cell| serde_json::to_value(cell).unwrap_or(Value::Null);
    let row = |cells: &Vec<Cell>| {
        report
            .columns
            .iter()
            .map(|column| column.key.clone())
            .zip(cells.iter().map(value))
            .collect()
    };
    report.rows.iter().map(row).collect()
}

/// The same as a file (RFC 4180), with the same columns. No cell is a formula to a spreadsheet.
///
/// # Errors
/// None that happens: it is written to memory.
pub fn as_csv(report: &Report) -> Result<Vec<u8>> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    write(&mut file, report.columns.iter().map(|column| column.key.clone()).collect())?;
    for row in &report.rows {
        write(&mut file, row.iter().map(text).collect())?;
    }
    file.into_inner().map_err(|e| Error::broken(e.to_string()))
}

fn write(file: &mut csv::Writer<Vec<u8>>, cells: Vec<String>) -> Result<()> {
    file.write_record(cells).map_err(|e| Error::broken(e.to_string()))
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Count(n) => n.to_string(),
        Cell::Number(n) => format!("{}", (n * 1e6).round() / 1e6),
        Cell::Text(text) => harmless(text).into_owned(),
    }
}

/// One report of a file of all: its name, its rows, an empty line.
///
/// # Errors
/// None that happens.
pub fn all_as_csv(report: &Report) -> Result<Vec<u8>> {
    let mut lines = format!("{}\r\n", report.title).into_bytes();
    lines.extend(as_csv(report)?);
    lines.extend(b"\r\n");
    Ok(lines)
}

/// `showup-hill-street-dental-2027-01.pdf`; a file of other days than a month is named by both ends.
#[must_use]
pub fn file_name(slug: &str, from: &str, to: &str, ending: &str) -> String {
    let month = |day: &str| day.get(..7).map(str::to_owned).unwrap_or_default();
    let next = domain::when::date(to)
        .and_then(|day| day.succ_opt())
        .map(|day| day.to_string());
    let whole = from.ends_with("-01") && month(from) == month(to) && next.is_some_and(|next| next.ends_with("-01"));
    let days = if whole { month(from) } else { format!("{from}-{to}") };
    format!("showup-{slug}-{days}.{ending}")
}
