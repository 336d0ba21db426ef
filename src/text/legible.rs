//! Text of others' making, made fit for a message: on one line, of bounded length, and without what would
//! drive a terminal.
//!
//! Names of files, what a server says, and the words of libcurl and libarchive, which may quote both, can
//! hold anything. All of it goes through here on its way into an error, a result or a log.

use std::fmt;

/// Characters of one piece, such as a name or a server's words: two lines of a terminal.
const PIECE: usize = 200;

/// Characters of a whole message: a screen full.
#[cfg(any(feature = "python", test))]
const MESSAGE: usize = 2000;

/// Stands in place of what is left out in the middle.
const GAP: char = '…';

/// Bytes that are looked at for each character that is shown: none takes more.
const WIDEST: usize = 4;

/// Is a character not to be shown as it is? Control characters of both sets (C0 has ESC, C1 has CSI), what
/// ends a line, and what changes the direction in which the rest is written.
pub(crate) fn is_escaped(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// A part of a message: what is not to be shown is escaped, and of what is too long the middle left out.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'t>(pub(crate) &'t [u8]);

impl fmt::Display for Piece<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&bounded(self.0, PIECE))
    }
}

/// A whole message, whatever it was put together from.
#[cfg(any(feature = "python", test))]
pub(crate) fn message(text: &str) -> std::borrow::Cow<'_, str> {
    use std::borrow::Cow;

    let fits = text.len() <= MESSAGE || text.chars().nth(MESSAGE).is_none();
    if fits && !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(bounded(text.as_bytes(), MESSAGE))
}

/// The text in at most `most` characters.
fn bounded(text: &[u8], most: usize) -> String {
    if text.len() <= most * WIDEST {
        let shown = units(text);
        if shown.iter().map(|unit| unit.chars().count()).sum::<usize>() <= most {
            return shown.concat();
        }
    }
    let head = units(&text[..text.len().min(most * WIDEST)]);
    let mut start = text.len().saturating_sub(most * WIDEST);
    // Not in the midst of a character.
    start += text[start..].iter().take(WIDEST - 1).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    let tail = units(&text[start..]);
    let mut shown: String = fitting(head.iter(), most / 2).map(String::as_str).collect();
    shown.push(GAP);
    let last: Vec<_> = fitting(tail.iter().rev(), most - most / 2 - 1).collect();
    shown.extend(last.into_iter().rev().map(String::as_str));
    shown
}

/// The first of `units` that have no more than `most` characters together.
fn fitting<'u>(
    units: impl Iterator<Item = &'u String>,
    most: usize,
) -> impl Iterator<Item = &'u String> {
    let mut length = 0;
    units.take_while(move |unit| {
        length += unit.chars().count();
        length <= most
    })
}

/// Each character as it is shown, or each byte of what is not UTF-8.
fn units(text: &[u8]) -> Vec<String> {
    let mut units = Vec::with_capacity(text.len());
    for part in text.utf8_chunks() {
        units.extend(part.valid().chars().map(|letter| {
            if is_escaped(letter) { letter.escape_default().to_string() } else { letter.into() }
        }));
        units.extend(part.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    units
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str) -> String {
        Piece(text.as_bytes()).to_string()
    }

    #[test]
    fn nothing_drives_a_terminal_or_ends_a_line() {
        assert_eq!(piece("a\x1b[31m\r\n\0\x7f"), r"a\u{1b}[31m\r\n\u{0}\u{7f}");
        assert_eq!(piece("\u{9b}31m\u{85}"), r"\u{9b}31m\u{85}");
        assert_eq!(piece("\u{2028}\u{2029}"), r"\u{2028}\u{2029}");
        assert_eq!(
            piece("\u{202e}gnp\u{2066}\u{200f}\u{61c}"),
            r"\u{202e}gnp\u{2066}\u{200f}\u{61c}"
        );
        assert_eq!(Piece(b"\xff\xc3").to_string(), r"\xff\xc3");
        assert_eq!(piece("é 日本 ا \\n"), "é 日本 ا \\n", "what is text stays");
    }

    #[test]
    fn of_what_is_too_long_the_middle_is_left_out() {
        let long = format!("http://h/{}/end", "日".repeat(60_000));
        let shown = piece(&long);
        assert_eq!(shown.chars().count(), PIECE);
        assert!(shown.starts_with("http://h/日") && shown.ends_with("日/end"), "{shown}");
        assert_eq!(piece(&"x".repeat(PIECE)), "x".repeat(PIECE));
        assert_eq!(piece(&"x".repeat(PIECE + 1)).chars().count(), PIECE);
        let controls = piece(&"\u{9b}".repeat(100));
        assert!(controls.chars().count() <= PIECE && controls.contains('…'), "{controls}");
    }

    #[test]
    fn a_whole_message_is_bounded_too() {
        assert_eq!(message("a: b"), "a: b");
        assert_eq!(message("a\nb"), "a\\nb");
        let long = "日".repeat(3000);
        assert_eq!(message(&long).chars().count(), MESSAGE);
        let most = "日".repeat(MESSAGE);
        assert_eq!(message(&most), most);
    }

    proptest! {
        #[test]
        fn any_bytes_make_a_short_line(text in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let shown = Piece(&text).to_string();
            prop_assert!(shown.chars().count() <= PIECE);
            prop_assert!(!shown.contains(is_escaped));
            prop_assert_eq!(&*message(&shown), &shown);
        }
    }
}
