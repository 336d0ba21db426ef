//! A window of a file, mapped into memory.

use std::io;
use std::ops::Deref;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::guard::Guard;

/// Bytes of a file, mapped read-only and already present when the mapping is made.
///
/// Should the file lose these bytes while they are looked at (another process truncates it, its
/// disk fails) the process goes on: they read as zeros, and the flag given to [`Mapping::new`] is set.
pub(crate) struct Mapping {
    // Dropped in this order: the address range must be unguarded before others can get it.
    _guard: Guard,
    map: memmap2::Mmap,
}

impl Mapping {
    /// Maps `length` bytes from `offset` on. `torn` is set if they turn out not to be all there.
    ///
    /// # Errors
    /// Where this file cannot be mapped, or no more mappings can be guarded at this moment: read it
    /// instead.
    pub(crate) fn new(
        file: BorrowedFd<'_>,
        offset: u64,
        length: usize,
        torn: &Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let mut options = memmap2::MmapOptions::new();
        options.offset(offset).len(length).populate();
        // SAFETY: the two dangers of a mapped file are that it shrinks and that its bytes change.
        // The guard below stands between a shrunk file and SIGBUS. Bytes that change are only ever
        // compared or tested for zero, never interpreted, so that whatever is read is memory-safe. (A
        // write also moves the file's times, which turns the verdict into an error; a write through
        // somebody's shared mapping need not, and nothing in POSIX would tell us of it.)
        let map = unsafe { options.map(file.as_raw_fd())? };
        // Nothing has touched the bytes yet, so nothing needed the guard before.
        let guard = Guard::new(&map, torn)
            .ok_or_else(|| io::Error::other("all guarded mappings are in use"))?;
        Ok(Self { _guard: guard, map })
    }
}

impl Deref for Mapping {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileExt as _;
    use std::sync::atomic::Ordering;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;

    /// The table is the process's, and one test fills it: one at a time.
    static TABLE: Mutex<()> = Mutex::new(());

    fn alone() -> MutexGuard<'static, ()> {
        TABLE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file_of(length: u64) -> File {
        let file = tempfile::tempfile().expect("a temporary file");
        file.set_len(length).expect("room for it");
        file
    }

    #[test]
    fn a_window_may_start_and_end_anywhere() {
        let _alone = alone();
        let file = file_of(0);
        let content: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
        file.write_all_at(&content, 0).expect("written");
        for (offset, length) in [(0, 1), (1, 4095), (4095, 2), (5000, 10_000), (19_999, 1)] {
            let mapping = Mapping::new(file.as_fd(), offset as u64, length, &Arc::default());
            assert!(mapping.expect("mapped")[..] == content[offset..offset + length]);
        }
    }

    #[test]
    fn a_file_cut_under_its_window_reads_as_zeros_and_sets_the_flag() {
        let _alone = alone();
        let file = file_of(64 << 10);
        let torn = Arc::default();
        let mapping = Mapping::new(file.as_fd(), 0, 64 << 10, &torn).expect("mapped");
        file.set_len(10).expect("cut");
        assert!(!torn.load(Ordering::Relaxed));
        assert_eq!(mapping[40_000], 0);
        assert!(torn.load(Ordering::Relaxed));
        assert_eq!(mapping.iter().max(), Some(&0));
    }

    #[test]
    fn what_cannot_be_mapped_is_an_error() {
        let _alone = alone();
        let (reader, _writer) = io::pipe().expect("a pipe");
        assert!(Mapping::new(reader.as_fd(), 0, 4096, &Arc::default()).is_err());
    }

    #[test]
    fn a_full_table_is_an_error_and_frees_again() {
        let _alone = alone();
        let file = file_of(4096);
        let torn = Arc::default();
        let all: Vec<_> =
            std::iter::from_fn(|| Mapping::new(file.as_fd(), 0, 1, &torn).ok()).collect();
        assert!(all.len() >= 256, "room for only {}", all.len());
        drop(all);
        assert!(Mapping::new(file.as_fd(), 0, 1, &torn).is_ok());
    }
}
