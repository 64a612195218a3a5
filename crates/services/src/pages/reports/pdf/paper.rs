//! What stands on a page, and putting it there.

use std::sync::LazyLock;

use krilla::{
    color::rgb,
    geom::{PathBuilder, Point, Rect},
    num::NormalizedF32,
    paint::{Fill, FillRule},
    surface::Surface,
    text::{Font, TextDirection},
};

/// DejaVu Sans, which has letters for most of the names there are; its licence lies beside it.
static PLAIN: &[u8] = include_bytes!("../../../../fonts/DejaVuSansCondensed.ttf");
static BOLD: &[u8] = include_bytes!("../../../../fonts/DejaVuSansCondensed-Bold.ttf");

static FACES: LazyLock<[Option<ttf_parser::Face<'static>>; 2]> =
    LazyLock::new(|| [PLAIN, BOLD].map(|font| ttf_parser::Face::parse(font, 0).ok()));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Plain,
    Bold,
}

enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        weight: Weight,
        colour: Colour,
        words: String,
    },
    Rect {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        colour: Colour,
    },
}

/// A page, from the top left, in points.
#[derive(Default)]
pub(super) struct Paper(Vec<Mark>);

impl Paper {
    pub(super) fn text(&mut self, x: f32, y: f32, size: f32, weight: Weight, colour: Colour, words: &str) {
        if words.is_empty() {
            return;
        }
        self.0.push(Mark::Text {
            x,
            y,
            size,
            weight,
            colour,
            words: words.to_owned(),
        });
    }

    #[cfg(test)]
    pub(super) fn says(&self, wanted: &str) -> bool {
        let mut marks = self.0.iter();
        marks.any(|mark| matches!(mark, Mark::Text { words, .. } if words == wanted))
    }

    /// Words that end here.
    pub(super) fn text_end(&mut self, x: f32, y: f32, size: f32, weight: Weight, colour: Colour, words: &str) {
        self.text(x - width(words, size, weight), y, size, weight, colour, words);
    }

    pub(super) fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.0.push(Mark::Rect {
            x,
            y,
            width,
            height,
            colour,
        });
    }
}

/// How wide words are.
pub(super) fn width(words: &str, size: f32, weight: Weight) -> f32 {
    let [plain, bold] = &*FACES;
    let face = if weight == Weight::Bold { bold } else { plain };
    let Some(face) = face else { return 0.0 };
    let advance = |letter: char| {
        let glyph = face.glyph_index(letter).unwrap_or_default();
        f32::from(face.glyph_hor_advance(glyph).unwrap_or_default())
    };
    words.chars().map(advance).sum::<f32>() * size / f32::from(face.units_per_em())
}

/// The same words in lines that are no wider. A word that is wider by itself is cut.
pub(super) fn wrapped(words: &str, size: f32, weight: Weight, most: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let word = fitting(word, size, weight, most);
        let line = lines.last_mut().expect("there is one from the beginning");
        let longer = if line.is_empty() {
            word.clone()
        } else {
            format!("{line} {word}")
        };
        if width(&longer, size, weight) <= most {
            *line = longer;
        } else {
            lines.push(word);
        }
    }
    lines
}

fn fitting(word: &str, size: f32, weight: Weight, most: f32) -> String {
    if width(word, size, weight) <= most {
        return word.to_owned();
    }
    let mut kept = String::new();
    for letter in word.chars() {
        if width(&format!("{kept}{letter}…"), size, weight) > most {
            break;
        }
        kept.push(letter);
    }
    kept + "…"
}

/// What pages are drawn with.
pub(super) struct Ink {
    plain: Font,
    bold: Font,
}

impl Ink {
    /// None: a font can't be read.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            plain: Font::new(PLAIN.into(), 0)?,
            bold: Font::new(BOLD.into(), 0)?,
        })
    }

    pub(super) fn draw(&self, surface: &mut Surface<'_>, paper: &Paper) {
        for mark in &paper.0 {
            match mark {
                Mark::Text {
                    x,
                    y,
                    size,
                    weight,
                    colour,
                    words,
                } => {
                    surface.set_fill(Some(fill(*colour)));
                    let font = if *weight == Weight::Bold { &self.bold } else { &self.plain };
                    let at = Point::from_xy(*x, *y);
                    surface.draw_text(at, font.clone(), *size, words, false, TextDirection::Auto);
                }
                Mark::Rect {
                    x,
                    y,
                    width,
                    height,
                    colour,
                } => {
                    surface.set_fill(Some(fill(*colour)));
                    let mut path = PathBuilder::new();
                    if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                        path.push_rect(rect);
                    }
                    if let Some(path) = path.finish() {
                        surface.draw_path(&path);
                    }
                }
            }
        }
    }
}

fn fill(colour: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}
