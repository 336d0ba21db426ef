//! Text in messages and results: what may be shown of it, and how.

pub(crate) mod fold;
pub(crate) mod legible;
#[cfg(any(feature = "python", test))]
pub(crate) mod lines;
pub(crate) mod redact;
