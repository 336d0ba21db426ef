//! Manifests: lists of files with their digests, as `sha256sum`, `hashdeep`, `BagIt` and pip write them.
//!
//! [`read`] tells the format and reads the lines, each format in a file of its own; `table` keeps what they list,
//! [`write`](self) writes them.

pub mod algorithm;
mod bsd;
mod gnu;
mod hashdeep;
pub(crate) mod hasher;
pub(crate) mod lines;
pub mod listed;
mod parsed;
pub mod read;
mod record;
pub(crate) mod table;
pub(crate) mod write;
