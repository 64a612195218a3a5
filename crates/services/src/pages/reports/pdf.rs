//! All reports of some days on paper: text that can be marked and searched, charts as lines, tables whose headings stand on every page.

mod paper;

use chrono::{DateTime, Datelike, Timelike, Utc};
use contract::reports::{Board, Cell, Column, Holds, Report};
use domain::{figures::Bars, when, zone::Zone};
use krilla::{
    Document,
    metadata::{DateTime as Stamp, Metadata},
    page::PageSettings,
};

use self::paper::{Colour, Ink, Paper, Weight};
use crate::kernel::{Error, Result};

/// Pages of a report at most.
const PAGES: usize = 6;
/// Rows of a table that are printed; more are in the file.
const ROWS: usize = 31;
/// Room at the edges, in points.
const EDGE: f32 = 42.0;
const ROW: f32 = 13.0;
const SMALL: f32 = 8.0;
const CHART: f32 = 92.0;

const INK: Colour = Colour(0x1f, 0x29, 0x37);
const FAINT: Colour = Colour(0x5b, 0x65, 0x73);
const LINE: Colour = Colour(0xd5, 0xda, 0xe1);

/// What a page is laid out by.
struct Sheet {
    width: f32,
    height: f32,
    head: String,
    pages: Vec<Paper>,
    /// How far down the last page is written.
    y: f32,
}

/// The whole as a PDF. `country`: paper is Letter in North America and A4 elsewhere.
///
/// # Errors
/// A fault of ours: the fonts are part of the program.
pub fn as_pdf(board: &Board, country: &str, now: DateTime<Utc>) -> Result<Vec<u8>> {
    let letter = matches!(country, "US" | "CA" | "MX");
    let (width, height) = if letter { (612.0, 792.0) } else { (595.0, 842.0) };
    let title = format!("{}: report, {}", board.business, board.days);
    let mut sheet = Sheet {
        width,
        height,
        head: title.clone(),
        pages: Vec::new(),
        y: height,
    };
    sheet.turn();
    cover(&mut sheet, board, now);
    for report in &board.reports {
        one(&mut sheet, report);
    }
    write(sheet, title, now)
}

/// What finds no place is left out, which is said.
fn write(sheet: Sheet, title: String, now: DateTime<Utc>) -> Result<Vec<u8>> {
    let ink = Ink::new().ok_or_else(|| Error::broken("the fonts of reports can't be read"))?;
    let mut document = Document::new();
    let (all, left_out) = (sheet.pages.len().min(PAGES), sheet.pages.len() > PAGES);
    for (at, mut page) in sheet.pages.into_iter().take(PAGES).enumerate() {
        let more = if left_out && at + 1 == all {
            "What did not fit is in the CSV of everything. "
        } else {
            ""
        };
        let foot = format!("{more}Page {} of {all}", at + 1);
        page.text_end(sheet.width - EDGE, sheet.height - 24.0, SMALL, Weight::Plain, FAINT, &foot);
        page.text(EDGE, sheet.height - 24.0, SMALL, Weight::Plain, FAINT, &sheet.head);
        let size = PageSettings::from_wh(sheet.width, sheet.height).ok_or_else(|| Error::broken("a page without a size"))?;
        let mut drawn = document.start_page_with(size);
        let mut surface = drawn.surface();
        ink.draw(&mut surface, &page);
        surface.finish();
        drawn.finish();
    }
    let small = |n: u32| u8::try_from(n).unwrap_or_default();
    let stamp = Stamp::new(u16::try_from(now.year()).unwrap_or_default())
        .month(small(now.month()))
        .day(small(now.day()))
        .hour(small(now.hour()))
        .minute(small(now.minute()))
        .second(small(now.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    document.set_metadata(
        Metadata::new()
            .title(title)
            .language("en".to_owned())
            .creator("Showup".to_owned())
            .creation_date(stamp),
    );
    document.finish().map_err(|e| Error::broken(format!("a PDF: {e:?}")))
}

impl Sheet {
    fn turn(&mut self) {
        self.pages.push(Paper::default());
        self.y = EDGE;
    }

    fn page(&mut self) -> &mut Paper {
        if self.pages.is_empty() {
            self.turn();
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Whether so much still fits; else the next page begins.
    fn room_for(&mut self, height: f32) -> bool {
        let fits = self.y + height <= self.height - EDGE - 10.0;
        if !fits {
            self.turn();
        }
        fits
    }

    fn line(&mut self, size: f32, weight: Weight, colour: Colour, words: &str) {
        let width = self.width - 2.0 * EDGE;
        for part in paper::wrapped(words, size, weight, width) {
            self.room_for(size * 1.4);
            self.y += size * 1.4;
            let y = self.y;
            self.page().text(EDGE, y, size, weight, colour, &part);
        }
    }
}

fn cover(sheet: &mut Sheet, board: &Board, now: DateTime<Utc>) {
    sheet.line(18.0, Weight::Bold, INK, &board.business);
    sheet.line(12.0, Weight::Plain, INK, &format!("Report, {}", board.days));
    let zone = Zone::named(&board.time_zone).unwrap_or(Zone::UTC);
    let made = format!("By the clock of {}. Made {}.", board.time_zone, when::dated(now, zone));
    sheet.line(SMALL, Weight::Plain, FAINT, &made);
    let compared = board.days_before.as_ref().map(|days| format!("Compared with {days}"));
    for words in board.narrowed.iter().chain(&compared) {
        sheet.line(SMALL, Weight::Plain, FAINT, &format!("{words}."));
    }
    if let Some(day) = &board.partial_before {
        sheet.line(
            SMALL,
            Weight::Bold,
            INK,
            &format!("Days before {day} are still being counted."),
        );
    }
    sheet.y += 6.0;
    for card in &board.cards {
        sheet.room_for(34.0);
        sheet.y += 13.0;
        let (y, right) = (sheet.y, sheet.width - EDGE);
        let page = sheet.page();
        page.text(EDGE, y, 10.0, Weight::Bold, INK, &card.title);
        page.text_end(right, y, 11.0, Weight::Bold, INK, &card.value);
        let mut words = format!("{} {}", card.made_of, card.definition);
        if !card.trend.is_empty() {
            words = format!("{}. {words}", card.trend);
        }
        sheet.line(7.0, Weight::Plain, FAINT, &words);
    }
}

fn one(sheet: &mut Sheet, report: &Report) {
    let drawn = report.bars();
    sheet.room_for(if drawn.is_some() { 70.0 + CHART } else { 80.0 });
    sheet.y += 14.0;
    sheet.line(13.0, Weight::Bold, INK, &report.title);
    sheet.line(7.0, Weight::Plain, FAINT, &report.definition);
    for note in &report.notes {
        sheet.line(SMALL, Weight::Bold, INK, note);
    }
    if report.rows.is_empty() {
        sheet.line(SMALL, Weight::Plain, INK, "Nothing to tell of these days.");
        return;
    }
    if let Some((bars, columns)) = &drawn {
        chart(sheet, bars, columns);
    }
    if report.rows.len() > ROWS {
        let words = format!("Its {} rows are in the CSV of this report.", report.rows.len());
        sheet.line(SMALL, Weight::Plain, INK, &words);
    } else {
        table(sheet, report);
    }
}

/// What each part of a bar is filled with; its lightness tells it from its neighbours in grey, too.
fn colour(key: &str) -> Colour {
    match key {
        "delivered" | "kept" | "confirmed" => Colour(0x10, 0xb9, 0x81),
        "sent" | "real" | "median" => Colour(0x3b, 0x82, 0xf6),
        "undelivered" | "unmarked" => Colour(0xf5, 0x9e, 0x0b),
        "failed" | "missed" | "not_delivered" => Colour(0xb9, 0x1c, 0x1c),
        _ => Colour(0xb6, 0xbe, 0xc9),
    }
}

fn chart(sheet: &mut Sheet, bars: &Bars, columns: &[&Column]) {
    sheet.room_for(CHART + 30.0);
    let (left, right) = (EDGE + 34.0, sheet.width - EDGE);
    let bottom = sheet.y + 8.0 + CHART;
    let holds = columns.first().map_or(Holds::Count, |column| column.holds);
    let page = sheet.page();
    for share in [0.0, 0.5, 1.0] {
        let y = bottom - CHART * share as f32;
        page.rect(left, y, right - left, 0.5, LINE);
        let words = Cell::Number(bars.top * share).words(holds);
        page.text_end(left - 4.0, y + 2.5, 7.0, Weight::Plain, FAINT, &words);
    }
    let step = (right - left) / bars.bars.len().max(1) as f32;
    let every = bars.bars.len().div_ceil(8).max(1);
    for (at, bar) in bars.bars.iter().enumerate() {
        let x = left + step * at as f32;
        for piece in bar.pieces.iter().filter(|piece| piece.value > 0.0) {
            let height = (CHART * (piece.to - piece.from) as f32).max(0.7);
            let key = columns.get(piece.series).map_or("", |column| column.key.as_str());
            page.rect(
                x + step * 0.12,
                bottom - CHART * piece.to as f32,
                step * 0.76,
                height,
                colour(key),
            );
        }
        if at % every == 0 {
            page.text(x, bottom + 9.0, 6.5, Weight::Plain, FAINT, &bar.label);
        }
    }
    let mut x = left;
    for column in columns {
        page.rect(x, bottom + 15.0, 6.0, 6.0, colour(&column.key));
        page.text(x + 9.0, bottom + 21.0, 7.0, Weight::Plain, INK, &column.label);
        x += 20.0 + paper::width(&column.label, 7.0, Weight::Plain);
    }
    sheet.y = bottom + 28.0;
}

/// How wide each column is: as its longest word needs, sentences what is left.
fn widths(report: &Report, all: f32) -> Vec<f32> {
    let longest = |(at, column): (usize, &Column)| {
        let cells = report
            .rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.words(column.holds));
        let cells = cells.chain(std::iter::once(column.label.clone()));
        cells
            .map(|words| paper::width(&words, SMALL, Weight::Plain) + 8.0)
            .fold(24.0, f32::max)
    };
    let mut widths: Vec<f32> = report.columns.iter().enumerate().map(longest).collect();
    let wanted: f32 = widths.iter().sum();
    if wanted > all {
        // The longest give way.
        let most = all / widths.len() as f32;
        let small: f32 = widths.iter().filter(|width| **width <= most).sum();
        let large: f32 = widths.iter().filter(|width| **width > most).sum();
        let share = (all - small) / large;
        widths
            .iter_mut()
            .filter(|width| **width > most)
            .for_each(|width| *width *= share);
    } else {
        let spare = (all - wanted) / widths.len() as f32;
        widths.iter_mut().for_each(|width| *width += spare);
    }
    widths
}

fn table(sheet: &mut Sheet, report: &Report) {
    let widths = widths(report, sheet.width - 2.0 * EDGE);
    sheet.room_for(ROW * 3.0);
    heads(sheet, report, &widths);
    for row in &report.rows {
        let cells: Vec<Vec<String>> = row
            .iter()
            .zip(&report.columns)
            .zip(&widths)
            .map(|((cell, column), width)| paper::wrapped(&cell.words(column.holds), SMALL, Weight::Plain, width - 6.0))
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let height = ROW + (lines.saturating_sub(1)) as f32 * 10.0;
        if !sheet.room_for(height) {
            heads(sheet, report, &widths);
        }
        let top = sheet.y;
        let mut x = EDGE;
        for ((lines, column), width) in cells.iter().zip(&report.columns).zip(&widths) {
            for (at, words) in lines.iter().enumerate() {
                let y = top + 9.5 + at as f32 * 10.0;
                let page = sheet.page();
                if matches!(column.holds, Holds::Text | Holds::Day) {
                    page.text(x, y, SMALL, Weight::Plain, INK, words);
                } else {
                    page.text_end(x + width - 6.0, y, SMALL, Weight::Plain, INK, words);
                }
            }
            x += width;
        }
        sheet.y += height;
        let (y, width) = (sheet.y, sheet.width - 2.0 * EDGE);
        sheet.page().rect(EDGE, y, width, 0.3, LINE);
    }
}

/// The headings; again on every page.
fn heads(sheet: &mut Sheet, report: &Report, widths: &[f32]) {
    let y = sheet.y + 10.0;
    let mut x = EDGE;
    for (column, width) in report.columns.iter().zip(widths) {
        let page = sheet.page();
        if matches!(column.holds, Holds::Text | Holds::Day) {
            page.text(x, y, SMALL, Weight::Bold, INK, &column.label);
        } else {
            page.text_end(x + width - 6.0, y, SMALL, Weight::Bold, INK, &column.label);
        }
        x += width;
    }
    sheet.y += ROW + 1.0;
    let (y, width) = (sheet.y, sheet.width - 2.0 * EDGE);
    sheet.page().rect(EDGE, y, width, 0.8, INK);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: i64) -> Report {
        let column = |key: &str, holds| Column {
            key: key.to_owned(),
            label: key.to_owned(),
            holds,
        };
        Report {
            slug: "activity".to_owned(),
            title: "Daily activity".to_owned(),
            definition: "Texts.".to_owned(),
            notes: Vec::new(),
            columns: vec![column("day", Holds::Day), column("received", Holds::Count)],
            rows: (0..rows)
                .map(|n| vec![Cell::Text(format!("row {n}")), Cell::Count(n)])
                .collect(),
            chart: None,
            behind: None,
        }
    }

    fn sheet() -> Sheet {
        Sheet {
            width: 595.0,
            height: 842.0,
            head: String::new(),
            pages: Vec::new(),
            y: 842.0,
        }
    }

    #[test]
    fn a_table_repeats_its_headings_on_every_page_and_loses_no_row() {
        let mut sheet = sheet();
        table(&mut sheet, &report(150));
        assert!(sheet.pages.len() >= 3, "{} pages", sheet.pages.len());
        for page in &sheet.pages {
            assert!(page.says("received"), "a page without headings");
        }
        for n in 0..150 {
            assert!(sheet.pages.iter().any(|page| page.says(&format!("row {n}"))), "row {n}");
        }
    }

    #[test]
    fn lines_are_no_wider_than_the_page_and_lose_no_word() {
        let words = "What texts cost that were written in these days, and a-word-that-is-very-long";
        let lines = paper::wrapped(words, 8.0, Weight::Plain, 120.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| paper::width(line, 8.0, Weight::Plain) <= 120.0));
        assert_eq!(lines.join(" "), words);
        let cut = paper::wrapped(&"x".repeat(200), 8.0, Weight::Plain, 60.0);
        assert!(cut.len() == 1 && cut[0].ends_with('…'), "{cut:?}");
    }
}
