//! What the formats have in common: what becomes of a line, and how digits are read.

use super::table::ListedDigest;

/// Takes a name, a size if there is one, and digests.
pub(super) type Push<'p> = &'p mut dyn FnMut(&[u8], Option<u64>, &[ListedDigest<'_>]);

/// What is wrong with a line, if anything is.
pub(super) type Parsed = std::result::Result<(), &'static str>;

/// The bytes of hexadecimal digits, of either case.
pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
