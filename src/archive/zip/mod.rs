//! Zips: their index, and reading those that need no libarchive.

mod index;
mod plain;
mod window;

pub(crate) use self::index::{BEGINNING, Begins, ZipIndex, is_zip};
pub(crate) use self::plain::PlainZip;
