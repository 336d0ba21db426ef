//! Where an archive's bytes come from.

use std::io::SeekFrom;

/// Gives libarchive the bytes of an archive.
pub(crate) trait Input {
    /// The next bytes, none at the end. They must stay where they are, unchanged, until the next call
    /// of any method that takes `&mut self`. `None`: they cannot be had; the input keeps the reason.
    /// So far the filters have `put_out` so many, the one that has put out most.
    fn read(&mut self, put_out: u64) -> Option<&[u8]>;

    /// Passes over up to `length` bytes; says how many.
    fn skip(&mut self, length: u64) -> u64;

    /// Goes elsewhere, and says where that is. `None`: not possible.
    fn seek(&mut self, to: SeekFrom) -> Option<u64>;

    /// May [`seek`](Self::seek) be asked for at all?
    fn can_seek(&self) -> bool;
}
