//! Numbers in decimal digits, as pax records and maps of sparse files have them.

use crate::archive::structure::Broken;

/// A number in decimal digits.
pub(super) fn decimal(digits: &[u8]) -> Result<u64, Broken> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number);
    let number = text.and_then(|text| text.parse().ok());
    number.filter(|&number| number < i64::MAX as u64).ok_or_else(damaged)
}

/// What is said of a pax header that is damaged.
pub(super) fn damaged() -> Broken {
    Broken("has a damaged pax header".to_owned())
}
