//! What libarchive says of an archive that it cannot read, in words that say what it means to who has it.

use std::borrow::Cow;

/// Parts of libarchive's texts, in lower case, and what they come to: of several, the first that is found.
/// The texts are those of its versions 3.6 to 3.8.
const MEANINGS: [(&str, Meaning); 17] = [
    ("encrypt", Meaning::Encrypted),
    ("decryption", Meaning::Encrypted),
    ("passphrase", Meaning::Encrypted),
    ("unrecognized archive format", Meaning::Unknown),
    ("unsupported zip compression method", Meaning::Method),
    ("unsupported compression method", Meaning::Method),
    ("unsupported filter", Meaning::Method),
    ("unsupported archive method", Meaning::Method),
    ("unknown codec id", Meaning::Method),
    ("unexpected codec id", Meaning::Method),
    ("not supported on this platform", Meaning::Method),
    ("support for this compression method", Meaning::Method),
    ("allocate", Meaning::Memory),
    ("no memory", Meaning::Memory),
    ("out of memory", Meaning::Memory),
    ("too many filters", Meaning::Layers),
    ("multivolume", Meaning::Volume),
];

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Encrypted,
    Unknown,
    Method,
    Memory,
    Layers,
    Volume,
}

/// What a cause begins with where there was not enough memory.
pub(crate) const NEEDS_MEMORY: &str = "needs more memory than there is";

/// Why an archive cannot be read: a cause that goes on after its name. `is_undone`: there was a layer of
/// compression around what libarchive was given.
pub(crate) fn cause(words: &str, is_undone: bool) -> String {
    let words = one_line(words);
    let lower = words.to_lowercase();
    match MEANINGS.iter().find(|(part, _)| lower.contains(part)) {
        Some((_, Meaning::Encrypted)) => format!("is encrypted: {words}"),
        Some((_, Meaning::Unknown)) if is_undone => {
            "is compressed, and what is within is no archive of a known format".to_owned()
        }
        Some((_, Meaning::Unknown)) => "is no archive of a known format".to_owned(),
        Some((_, Meaning::Method)) => {
            format!("is packed by a method that is not supported: {words}")
        }
        Some((_, Meaning::Memory)) => format!("{NEEDS_MEMORY}: {words}"),
        Some((_, Meaning::Layers)) => "is compressed too many times over".to_owned(),
        Some((_, Meaning::Volume)) => format!("is a volume of an archive of several: {words}"),
        None if lower == "damaged" => {
            "cannot be read as an archive: it is damaged or cut short".to_owned()
        }
        None => format!("cannot be read as an archive: {words}"),
    }
}

/// The words on one line, without a stop at their end: they may quote an archive, which may hold anything.
fn one_line(words: &str) -> Cow<'_, str> {
    let trimmed = words.trim().trim_end_matches('.');
    if trimmed.split(' ').all(|word| !word.is_empty() && !word.contains(char::is_whitespace)) {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_they_mean() {
        for (words, expected) in [
            ("Unrecognized archive format", "is no archive of a known format"),
            (
                "The archive header is encrypted, but currently not supported",
                "is encrypted: The archive header is encrypted, but currently not supported",
            ),
            (
                "RAR encryption support unavailable.",
                "is encrypted: RAR encryption support unavailable",
            ),
            ("Encryption is not supported", "is encrypted: Encryption is not supported"),
            (
                "Unsupported ZIP compression method (99: ??)",
                "is packed by a method that is not supported: Unsupported ZIP compression method (99: ??)",
            ),
            (
                "Unknown codec ID: 4f71101",
                "is packed by a method that is not supported: Unknown codec ID: 4f71101",
            ),
            (
                "Unsupported filter a for 3",
                "is packed by a method that is not supported: Unsupported filter a for 3",
            ),
            (
                "Couldn't allocate memory",
                "needs more memory than there is: Couldn't allocate memory",
            ),
            ("Input requires too many filters for decoding", "is compressed too many times over"),
            ("Truncated tar archive", "cannot be read as an archive: Truncated tar archive"),
            ("damaged", "cannot be read as an archive: it is damaged or cut short"),
        ] {
            assert_eq!(cause(words, false), expected);
        }
        assert_eq!(
            cause("Unrecognized archive format", true),
            "is compressed, and what is within is no archive of a known format"
        );
    }

    #[test]
    fn words_are_one_line_without_an_end() {
        let words = "XML Parsing error: Extra content at the end of the document\n";
        let expected = "cannot be read as an archive: XML Parsing error: Extra content at the end of \
                        the document";
        assert_eq!(cause(words, false), expected);
        assert_eq!(one_line(" a  b\r\n\tc.\n"), "a b c");
        assert_eq!(one_line("a b"), "a b");
    }
}
