//! Text in messages and results: what may be shown of it, and how.

pub(crate) mod legible;
pub(crate) mod redact;
