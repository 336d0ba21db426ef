//! A pool of read buffers for each thread, so that comparing many small files allocates nothing.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Bytes in one buffer. Measured over files in the page cache, on one and on two threads: 64 KiB
/// to 256 KiB are equally fast, larger buffers fall out of a 1 MiB L2 cache (two are compared at a
/// time) and lose 15 %.
pub(crate) const BUFFER: usize = 128 << 10;

/// How many buffers a thread keeps: for each side that of a reader, and one for samples or for a stretch.
const KEPT: usize = 4;

thread_local! {
    static POOL: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`BUFFER`] bytes; goes back to its thread's pool when dropped.
pub(crate) struct Buffer(Box<[u8]>);

impl Buffer {
    /// A buffer with unspecified content.
    pub(crate) fn take() -> Self {
        let kept = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
        Self(kept.unwrap_or_else(|| vec![0; BUFFER].into_boxed_slice()))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // The pool is gone when its thread is ending: then the buffer is freed.
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT {
                pool.push(buffer);
            }
        });
    }
}

impl Deref for Buffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
