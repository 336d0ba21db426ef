//! Names whose case does not count.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use unicode_normalization::UnicodeNormalization as _;

/// What all names have in common that differ only in case, by Unicode's simple case folding, or in normalization.
/// A name that is not UTF-8 stays as it is, but for ASCII letters.
pub(crate) fn folded(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.is_ascii() => {
            let folded: String = text.nfc().map(fold).collect();
            folded.nfc().collect::<String>().into_bytes()
        }
        _ => name.to_ascii_uppercase(),
    }
}

/// The first of all letters that are the same but for their case.
fn fold(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_uppercase();
    }
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]);
    class.case_fold_simple();
    class.ranges().first().map_or(letter, ClassUnicodeRange::start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        folded(one.as_bytes()) == folded(other.as_bytes())
    }

    #[test]
    fn letters_are_folded_as_unicode_says_one_by_one() {
        for (one, other) in [
            ("Readme.TXT", "README.txt"),
            ("\u{c4}", "a\u{308}"),
            ("\u{416}", "\u{436}"),
            ("\u{3a3}\u{3c3}", "\u{3c2}\u{3c2}"),
            ("\u{212a}", "k"),
            ("\u{17f}", "S"),
            ("\u{1e9e}", "\u{df}"),
            ("\u{10400}", "\u{10428}"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        // Full folding would take these for the same.
        for (one, other) in [("stra\u{df}e", "strasse"), ("\u{fb01}", "fi"), ("\u{130}", "i")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_count() {
        assert_eq!(folded(b"a\xe9"), b"A\xe9");
        assert_ne!(folded(b"\xe9"), folded(b"\xc9"));
    }
}
