//! Where a sparse file has data and where it has holes.

use std::os::fd::BorrowedFd;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use super::Extent;

/// The run that `offset`, which is below `size`, lies in. Where the filesystem cannot tell, all is
/// data. Moves the descriptor's file offset.
pub(crate) fn extent_at(file: BorrowedFd<'_>, offset: u64, size: u64) -> Extent {
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
