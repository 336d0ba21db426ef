//! From the bytes of an archive as they are stored to those that libarchive is given.

mod bytes;
mod feed_size;
mod gzip;
mod layered;
mod layers;
mod record;
pub(crate) mod shared_buffer;
mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod undo;

pub(crate) use self::bytes::{Bytes, Origin};
pub(crate) use self::gzip::MAGIC as GZIP;
pub(crate) use self::layered::ArchiveInput;
pub(crate) use self::layers::{Following, behind_program, following, is_single, open, open_layer};
