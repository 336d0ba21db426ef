//! One call's life: its deadline, its threads, and work that is shared out among them.

pub(crate) mod context;
pub(crate) mod earliest;
pub(crate) mod for_each;
#[cfg(any(feature = "python", test))]
pub(crate) mod panics;
pub(crate) mod sort;
pub(crate) mod threads;
pub(crate) mod workers;
