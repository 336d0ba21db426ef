//! Making threads.
//!
//! Each has a stack of a fixed size. Where none is said, the standard library asks the environment for
//! one, and the environment is not ours to read: see `http/environment.rs`.

use std::thread::Builder;

/// The standard library's own default.
const STACK: usize = 2 << 20;

/// A thread that is yet to be spawned.
pub(crate) fn named(name: &str) -> Builder {
    Builder::new().name(name.to_owned()).stack_size(STACK)
}
