//! Where a sparse file has data and where it has holes.

use std::os::fd::BorrowedFd;

use rustix::fs::{SeekFrom, seek};
use rustix::io::{Errno, retry_on_intr};

use crate::content::Extent;
use crate::content::is_zero;

/// Bytes at either end of a hole that are read to check it: the block of most filesystems.
const BLOCK: usize = 4 << 10;

/// The run that `offset`, which is below `size`, lies in; a hole only if its first and last block read as
/// zeros. `None` if they do not: some filesystems have reported a hole where there was data. Moves the
/// descriptor's file offset.
pub(crate) fn checked_extent_at(file: BorrowedFd<'_>, offset: u64, size: u64) -> Option<Extent> {
    let extent = extent_at(file, offset, size);
    let Extent::Hole { end } = extent else { return Some(extent) };
    // The two blocks are all of it.
    if end - offset <= 2 * BLOCK as u64 {
        return Some(Extent::Data { end });
    }
    let mut block = [0; BLOCK];
    let mut reads_as_zeros = |offset| {
        let read = retry_on_intr(|| rustix::io::pread(file, &mut block, offset));
        read.is_ok_and(|read| read == BLOCK) && is_zero(&block)
    };
    (reads_as_zeros(offset) && reads_as_zeros(end - BLOCK as u64)).then_some(extent)
}

/// The run that `offset`, which is below `size`, lies in. Where the filesystem does not report holes, all is
/// data. Moves the descriptor's file offset.
fn extent_at(file: BorrowedFd<'_>, offset: u64, size: u64) -> Extent {
    match seek(file, SeekFrom::Data(offset)) {
        Ok(data) if data > offset => Extent::Hole { end: data.min(size) },
        Ok(_) => match seek(file, SeekFrom::Hole(offset)) {
            Ok(hole) if hole > offset => Extent::Data { end: hole.min(size) },
            _ => Extent::Data { end: size },
        },
        // No data from here to the end.
        Err(Errno::NXIO) => Extent::Hole { end: size },
        Err(_) => Extent::Data { end: size },
    }
}
