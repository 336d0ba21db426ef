//! From the bytes of a container to what is known of it.
//!
//! `structure` has what komparu itself knows of the container formats: where their parts are, and how
//! their end is told. `passage` shows it the bytes that are on their way to libarchive, `ledger` holds its
//! entries against those that libarchive shows, and an [`Account`] says what came of it.

pub(crate) mod account;
pub(crate) mod checked;
pub(crate) mod checksums;
pub(crate) mod chosen;
pub(crate) mod decompressed;
pub(crate) mod ending;
pub(crate) mod entries;
pub(crate) mod initramfs;
pub(crate) mod input;
pub(crate) mod isolated;
pub(crate) mod ledger;
pub(crate) mod libarchive;
pub(crate) mod limits;
pub(crate) mod name_table;
pub(crate) mod occurrences;
pub(crate) mod open;
pub(crate) mod opening;
pub(crate) mod parts;
pub(crate) mod passage;
pub(crate) mod password;
pub(crate) mod reader;
pub(crate) mod single;
pub(crate) mod stream;
pub(crate) mod structure;
pub(crate) mod unpack;
mod within;
pub(crate) mod words;
pub(crate) mod zip;

pub(crate) use self::account::{Account, Behind};
