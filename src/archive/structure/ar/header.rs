//! The header of one member of an ar archive.

use super::super::{Broken, LONGEST};

/// How many bytes it has.
pub(super) const LENGTH: usize = 60;

/// What it ends with.
const MAGIC: &[u8] = b"`\n";

/// The bits of a mode that say what a member is, and their value for a file: those of POSIX's `S_IFMT`.
const TYPE: u64 = 0o170_000;
const REGULAR: u64 = 0o100_000;

/// Where a member's name is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    Here(Vec<u8>),
    /// Before the content, with so many bytes, and counted as content: BSD's way with long names.
    Before {
        length: usize,
    },
    /// In the table of names: GNU's way.
    InTable,
    /// It is the table of names.
    Table,
    /// It is the table of symbols, whose numbers have so many bytes.
    Symbols {
        width: usize,
    },
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Name,
    pub(super) size: u64,
}

impl Header {
    /// Reads a header that is all there.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        if &bytes[58..LENGTH] != MAGIC {
            return Broken::because("has no header where the next member begins: damaged");
        }
        // libarchive believes a mode that says "directory", and shows no content then.
        if ![0, REGULAR].contains(&(number(&bytes[40..48], 8)? & TYPE)) {
            return Broken::because("has a member that is no file");
        }
        Ok(Self { name: named(&bytes[..16])?, size: number(&bytes[48..58], 10)? })
    }
}

fn named(field: &[u8]) -> Result<Name, Broken> {
    let length = field.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    let name = &field[..length];
    Ok(match name {
        [] => return Broken::because("has a member without a name: damaged"),
        b"/" => Name::Symbols { width: 4 },
        b"/SYM64/" => Name::Symbols { width: 8 },
        b"//" => Name::Table,
        [b'/', rest @ ..] => {
            number(rest, 10)?;
            Name::InTable
        }
        [b'#', b'1', b'/', length @ ..] => match usize::try_from(number(length, 10)?) {
            Ok(length) if length <= LONGEST => Name::Before { length },
            _ => return Broken::because("has a member whose name is too long"),
        },
        _ if name.contains(&0) => {
            return Broken::because("has a member whose name contains a NUL byte");
        }
        _ => Name::Here(name.strip_suffix(b"/").unwrap_or(name).to_vec()),
    })
}

/// A number of digits, with nothing but spaces behind them; no digits are 0.
fn number(field: &[u8], base: u32) -> Result<u64, Broken> {
    let length = field.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    field[..length]
        .iter()
        .try_fold(0_u64, |number, &digit| {
            let digit = char::from(digit).to_digit(base)?;
            number.checked_mul(base.into())?.checked_add(digit.into())
        })
        .ok_or_else(|| Broken("has a header that is no header: damaged".to_owned()))
}
