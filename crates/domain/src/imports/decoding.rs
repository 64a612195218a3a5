//! Bytes of a file as text, piece by piece.

use std::mem;

use encoding_rs::{Decoder as Utf16, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::words::words;

/// How a file's letters were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// UTF-16, the small half first: what Excel calls Unicode text.
    Utf16Le,
    /// UTF-16, the large half first.
    Utf16Be,
    /// What is not UTF-8: Windows' old letters.
    Windows1252,
}

words!(Encoding is a "text encoding": Utf8 = "UTF-8", Utf16Le = "UTF-16LE", Utf16Be = "UTF-16BE", Windows1252 = "Windows-1252");

/// Reads bytes as they come. A mark at the beginning decides; without one it is UTF-8 until a byte comes that can't be, and then Windows-1252:
/// all that came before is the same in both, or else (UTF-8 and old letters in one file) each letter is read as what it is.
#[derive(Default)]
pub(super) struct Decoder {
    /// The first bytes, until it is known whether they are a mark.
    begun: bool,
    rest: Vec<u8>,
    wide: Option<(Encoding, Utf16)>,
    /// A letter of UTF-8 beyond ASCII has come.
    letters: bool,
    /// A byte has come that is no UTF-8.
    foreign: bool,
}

impl Decoder {
    pub(super) fn encoding(&self) -> Encoding {
        match &self.wide {
            Some((encoding, _)) => *encoding,
            None if self.foreign => Encoding::Windows1252,
            None => Encoding::Utf8,
        }
    }

    /// Adds the text of these bytes to `text`; `last`: no more will come.
    pub(super) fn push(&mut self, bytes: &[u8], last: bool, text: &mut String) {
        let mut all = mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        if !self.begun {
            if all.len() < 3 && !last {
                self.rest = all;
                return;
            }
            self.begun = true;
            let mark = match all.as_slice() {
                [0xef, 0xbb, 0xbf, ..] => 3,
                [0xff, 0xfe, ..] => {
                    self.wide = Some((Encoding::Utf16Le, UTF_16LE.new_decoder_without_bom_handling()));
                    2
                }
                [0xfe, 0xff, ..] => {
                    self.wide = Some((Encoding::Utf16Be, UTF_16BE.new_decoder_without_bom_handling()));
                    2
                }
                _ => 0,
            };
            all.drain(..mark);
        }
        match &mut self.wide {
            Some((_, decoder)) => {
                let most = decoder.max_utf8_buffer_length(all.len()).unwrap_or(all.len() * 3);
                text.reserve(most);
                _ = decoder.decode_to_string(&all, text, last);
            }
            None => self.narrow(&all, last, text),
        }
    }

    fn narrow(&mut self, all: &[u8], last: bool, text: &mut String) {
        let mut rest = all;
        loop {
            if self.foreign && !self.letters {
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(rest).0);
                return;
            }
            let error = match std::str::from_utf8(rest) {
                Ok(good) => return self.take(good, text),
                Err(error) => error,
            };
            let (good, bad) = rest.split_at(error.valid_up_to());
            self.take(&String::from_utf8_lossy(good), text);
            let length = match error.error_len() {
                // A letter that this piece ends within.
                None if !last => {
                    self.rest = bad.to_vec();
                    return;
                }
                None => bad.len(),
                Some(length) => length,
            };
            self.foreign = true;
            if self.letters {
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(&bad[..length]).0);
                rest = &bad[length..];
            } else {
                rest = bad;
            }
        }
    }

    fn take(&mut self, good: &str, text: &mut String) {
        self.letters |= !good.is_ascii();
        text.push_str(good);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn decoded(bytes: &[u8], piece: usize) -> (String, Encoding) {
        let (mut decoder, mut text) = (Decoder::default(), String::new());
        for some in bytes.chunks(piece) {
            decoder.push(some, false, &mut text);
        }
        decoder.push(&[], true, &mut text);
        (text, decoder.encoding())
    }

    #[rstest]
    #[case::plain(b"name".as_slice(), "name", Encoding::Utf8)]
    #[case::utf8("José;Zoë".as_bytes(), "José;Zoë", Encoding::Utf8)]
    #[case::marked(b"\xef\xbb\xbfJos\xc3\xa9".as_slice(), "José", Encoding::Utf8)]
    #[case::excel_in_europe(b"Jos\xe9;\x80 5".as_slice(), "José;€ 5", Encoding::Windows1252)]
    #[case::unicode_text(b"\xff\xfeA\0\xe9\0".as_slice(), "Aé", Encoding::Utf16Le)]
    #[case::large_half_first(b"\xfe\xff\0A\0\xe9".as_slice(), "Aé", Encoding::Utf16Be)]
    #[case::beyond_the_plane(b"\xff\xfe\x3d\xd8\x00\xde".as_slice(), "😀", Encoding::Utf16Le)]
    #[case::both_in_one("é".as_bytes().iter().chain(b" \xe9").copied().collect::<Vec<u8>>().leak(), "é é", Encoding::Windows1252)]
    #[case::ends_within_a_letter(b"a\xc3".as_slice(), "aÃ", Encoding::Windows1252)]
    #[case::nothing(b"".as_slice(), "", Encoding::Utf8)]
    #[case::one_byte(b"\xe9".as_slice(), "é", Encoding::Windows1252)]
    fn letters_are_read_as_they_were_written(#[case] bytes: &[u8], #[case] text: &str, #[case] encoding: Encoding) {
        for piece in [1, 2, 3, 1000] {
            assert_eq!(decoded(bytes, piece), (text.to_owned(), encoding), "in pieces of {piece}");
        }
    }

    proptest! {
        #[test]
        fn utf8_in_any_pieces_is_itself(text in "\\PC*", piece in 1usize..9) {
            prop_assume!(!text.starts_with('\u{feff}'));
            prop_assert_eq!(decoded(text.as_bytes(), piece), (text, Encoding::Utf8));
        }

        #[test]
        fn any_bytes_are_some_text(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1usize..9) {
            prop_assert_eq!(decoded(&bytes, piece), decoded(&bytes, 1000));
        }
    }
}
