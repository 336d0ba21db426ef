//! From the bytes of a container to what is known of it.
//!
//! `structure` has what komparu itself knows of the container formats: where their parts are, and how
//! their end is told. `passage` shows it the bytes that are on their way to libarchive, `ledger` holds its
//! entries against those that libarchive shows, and an [`Account`] says what came of it.

pub(crate) mod account;
pub(crate) mod ledger;
pub(crate) mod passage;
pub(crate) mod structure;
pub(crate) mod words;

pub(crate) use self::account::{Account, Behind};
