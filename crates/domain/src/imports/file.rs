//! A file as rows of cells, piece by piece: however long it is, it takes the room of a piece and a row.

use std::collections::BTreeSet;

use csv_core::{ReadFieldResult, ReadRecordResult};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Encoding,
    dates::Seen,
    decoding::Decoder,
    headers::{self, Field},
};
use crate::words;

/// Most rows of one file, the row of headings aside.
pub const MOST_ROWS: u32 = 200_000;
/// Most columns.
pub const MOST_COLUMNS: usize = 200;
/// Most bytes of a cell: about what a spreadsheet takes. The rest is left out, and the row is refused.
pub const MOST_CELL: usize = 32_767;

/// So much of a file is looked at to find out what stands between its cells.
const HEAD: usize = 64 * 1024;
const HEAD_ROWS: usize = 20;
const SAMPLES: usize = 5;
const SAMPLE: usize = 60;

/// Why a file can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileProblem {
    /// No cell with anything in it.
    #[error("This file is empty.")]
    Empty,
    /// A workbook under the name of a CSV.
    #[error("This is a workbook, not a CSV file. Open it in your spreadsheet, choose \"Save as\", and take CSV.")]
    Workbook,
    /// Bytes that no text has.
    #[error("This is not a text file. Please save your list as CSV and try again.")]
    NotText,
    /// So many cells in a row.
    #[error("Row {0} has more than 200 columns. Please take out those that are not needed.")]
    TooWide(u32),
    /// So many rows.
    #[error("This file has more than 200,000 rows. Please split it.")]
    TooLong,
    /// The file ends within quotes: what looks like one cell may be a hundred rows.
    #[error("In row {0} a quotation mark is opened and never closed, so where the row ends can't be told. Please mend that row.")]
    Unclosed(u32),
}

/// A row, cell by cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// As a spreadsheet counts them; the row of headings is the first.
    pub number: u32,
    /// What stands in it, each cell at most [`MOST_CELL`] bytes.
    pub cells: Vec<String>,
    /// A cell held more.
    pub too_long: bool,
}

/// What is known of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading, or `Column 3` where there is none.
    pub header: String,
    /// The first of what stands in it, no two alike.
    pub samples: Vec<String>,
    /// What its dates tell of their order.
    pub dates: Seen,
}

/// What is known of a file once all of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How its letters were written.
    pub encoding: Encoding,
    /// What stands between cells.
    pub delimiter: char,
    /// Whether its first row names the columns.
    pub has_header: bool,
    /// Its columns, from the left.
    pub columns: Vec<Column>,
    /// Rows that hold something, the row of headings aside.
    pub rows: u32,
}

impl Summary {
    /// What each column seems to hold.
    #[must_use]
    pub fn guess(&self) -> Vec<Option<Field>> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.header.as_str()).collect();
        headers::guess(&names)
    }
}

/// Takes a file's bytes as they come and gives its rows.
pub struct Reader {
    decoder: Decoder,
    text: String,
    csv: Option<csv_core::Reader>,
    delimiter: u8,
    /// Whether anything has come yet.
    begun: bool,
    cell: Vec<u8>,
    cells: Vec<String>,
    too_long: bool,
    number: u32,
    rows: u32,
    has_header: Option<bool>,
    columns: Vec<Column>,
    buffer: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            decoder: Decoder::default(),
            text: String::new(),
            csv: None,
            delimiter: b',',
            begun: false,
            cell: Vec::new(),
            cells: Vec::new(),
            too_long: false,
            number: 0,
            rows: 0,
            has_header: None,
            columns: Vec::new(),
            buffer: vec![0; 8 * 1024],
        }
    }
}

impl Reader {
    /// The rows that end in these bytes, without the row of headings and without empty ones.
    ///
    /// # Errors
    /// [`FileProblem`], after which nothing more can be read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>, FileProblem> {
        if !self.begun && !bytes.is_empty() {
            self.begun = true;
            // A ZIP (xlsx, ods), the workbooks of before, a PDF.
            let workbooks: [&[u8]; 3] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"];
            if workbooks.iter().any(|begins| bytes.starts_with(begins)) {
                return Err(FileProblem::Workbook);
            }
        }
        self.decoder.push(bytes, false, &mut self.text);
        self.read(false)
    }

    /// The last rows, and what is known of all of it.
    ///
    /// # Errors
    /// [`FileProblem`].
    pub fn finish(mut self) -> Result<(Vec<Record>, Summary), FileProblem> {
        self.decoder.push(&[], true, &mut self.text);
        let mut records = self.read(true)?;
        // The end of a line ends a row, unless quotes are open.
        self.parse(b"\n", &mut records)?;
        if !self.cell.is_empty() || !self.cells.is_empty() {
            return Err(FileProblem::Unclosed(self.number + 1));
        }
        if self
            .columns
            .iter()
            .all(|column| column.samples.is_empty() && column.header.is_empty())
        {
            return Err(FileProblem::Empty);
        }
        let summary = Summary {
            encoding: self.decoder.encoding(),
            delimiter: self.delimiter.into(),
            has_header: self.has_header.unwrap_or_default(),
            columns: self.columns,
            rows: self.rows,
        };
        Ok((records, summary))
    }

    fn read(&mut self, last: bool) -> Result<Vec<Record>, FileProblem> {
        let mut records = Vec::new();
        if self.csv.is_none() {
            if self.text.len() < HEAD && !last {
                return Ok(records);
            }
            let (delimiter, from) = delimiter(&self.text, last);
            self.text.drain(..from);
            self.delimiter = delimiter;
            self.csv = Some(csv_core::ReaderBuilder::new().delimiter(delimiter).build());
        }
        let text = std::mem::take(&mut self.text);
        if text.contains('\0') {
            return Err(FileProblem::NotText);
        }
        self.parse(text.as_bytes(), &mut records)?;
        Ok(records)
    }

    fn parse(&mut self, text: &[u8], records: &mut Vec<Record>) -> Result<(), FileProblem> {
        let Some(mut csv) = self.csv.take() else { return Ok(()) };
        let mut rest = text;
        // Nothing left would be taken for the end of the file.
        while !rest.is_empty() {
            let (result, read, written) = csv.read_field(rest, &mut self.buffer);
            rest = &rest[read..];
            let room = MOST_CELL.saturating_sub(self.cell.len());
            self.too_long |= written > room;
            self.cell.extend_from_slice(&self.buffer[..written.min(room)]);
            if let ReadFieldResult::Field { record_end } = result {
                let cell = String::from_utf8_lossy(&self.cell).into_owned();
                self.cell.clear();
                self.cells.push(cell);
                if self.cells.len() > MOST_COLUMNS {
                    return Err(FileProblem::TooWide(self.number + 1));
                }
                if record_end {
                    records.extend(self.record()?);
                }
            }
        }
        self.csv = Some(csv);
        Ok(())
    }

    /// A row is whole.
    fn record(&mut self) -> Result<Option<Record>, FileProblem> {
        self.number += 1;
        let cells = std::mem::take(&mut self.cells);
        let too_long = std::mem::take(&mut self.too_long);
        if cells.iter().all(|cell| words::is_blank(cell)) {
            return Ok(None);
        }
        if self.has_header.is_none() {
            let is_header = headers::is_header(&cells);
            self.has_header = Some(is_header);
            if is_header {
                let named = |cell: &String| words::preview(cell, SAMPLE);
                self.columns = cells
                    .iter()
                    .map(|cell| Column {
                        header: named(cell),
                        ..Column::default()
                    })
                    .collect();
                for (index, column) in (1..).zip(&mut self.columns) {
                    if column.header == "(empty)" {
                        column.header = format!("Column {index}");
                    }
                }
                return Ok(None);
            }
        }
        self.rows += 1;
        if self.rows > MOST_ROWS {
            return Err(FileProblem::TooLong);
        }
        while self.columns.len() < cells.len() {
            let header = format!("Column {}", self.columns.len() + 1);
            self.columns.push(Column {
                header,
                ..Column::default()
            });
        }
        for (column, cell) in self.columns.iter_mut().zip(&cells) {
            column.dates.note(cell);
            if column.samples.len() < SAMPLES && !words::is_blank(cell) {
                let sample = words::preview(cell, SAMPLE);
                if !column.samples.contains(&sample) {
                    column.samples.push(sample);
                }
            }
        }
        Ok(Some(Record {
            number: self.number,
            cells,
            too_long,
        }))
    }
}

/// What stands between cells, and where the rows begin: a first line `sep=;` says it, else that with which the first rows are the most alike.
fn delimiter(head: &str, whole: bool) -> (u8, usize) {
    let line = head.split(['\r', '\n']).next().unwrap_or_default();
    let said = line.trim().trim_matches('"');
    if let Some(sign) = said.to_ascii_lowercase().strip_prefix("sep=").map(str::as_bytes) {
        let rest = &head[line.len()..];
        let after = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n']));
        let from = head.len() - after.unwrap_or(rest).len();
        // A tab at the end was trimmed off.
        return (sign.first().copied().filter(u8::is_ascii).unwrap_or(b'\t'), from);
    }
    let steadiness = |sign: u8| {
        let counts = counts(head, sign, whole);
        let different: BTreeSet<usize> = counts.iter().copied().collect();
        let alike = |n: usize| counts.iter().filter(|count| **count == n).count();
        // How many rows have the number of cells that most have, and how many that is.
        let best = different.into_iter().filter(|n| *n > 1).map(|n| (alike(n), n)).max();
        best.map(|(rows, n)| (rows * 100 / counts.len().max(1), n))
    };
    let signs = [b',', b';', b'\t', b'|'];
    let best = signs.into_iter().rev().filter_map(|sign| Some((steadiness(sign)?, sign)));
    (best.max_by_key(|(steady, _)| *steady).map_or(b',', |(_, sign)| sign), 0)
}

/// How many cells each of the first rows has if this stands between them.
fn counts(head: &str, sign: u8, whole: bool) -> Vec<usize> {
    let mut csv = csv_core::ReaderBuilder::new().delimiter(sign).build();
    let (mut out, mut ends) = (vec![0; head.len() + 1], vec![0; MOST_COLUMNS + 1]);
    let (mut rest, mut counts) = (head.as_bytes(), Vec::new());
    while counts.len() < HEAD_ROWS {
        let (result, read, _, cells) = csv.read_record(rest, &mut out, &mut ends);
        rest = &rest[read..];
        match result {
            ReadRecordResult::Record => counts.push(cells),
            // The row that the head breaks off in counts for nothing; of a whole file the end is the end of its last row.
            ReadRecordResult::InputEmpty if whole => {}
            ReadRecordResult::OutputEndsFull => return Vec::new(),
            _ => break,
        }
    }
    counts
}

#[cfg(test)]
mod tests;
