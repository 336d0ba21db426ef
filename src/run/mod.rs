//! One call's life: its deadline, its threads, work that is shared out among them, and what they
//! find.

pub(crate) mod collect;
pub(crate) mod context;
pub(crate) mod counters;
pub(crate) mod earliest;
pub(crate) mod for_each;
#[cfg(any(feature = "python", test))]
pub(crate) mod log;
#[cfg(any(feature = "python", test))]
pub(crate) mod panics;
pub(crate) mod retried;
pub(crate) mod sink;
pub(crate) mod sort;
#[cfg(any(feature = "python", test))]
pub(crate) mod stream;
pub(crate) mod threads;
pub(crate) mod workers;
