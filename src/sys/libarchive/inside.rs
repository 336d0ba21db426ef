//! Locale and fork guard of a thread that runs libarchive.

use crate::sys::fork::ForkGuard;
use crate::sys::locale::Utf8;

/// What a thread needs around it while it runs libarchive. Dropped in this order.
pub(super) struct Inside {
    _utf8: Option<Utf8>,
    _guard: ForkGuard,
}

impl Inside {
    pub(super) fn enter() -> Self {
        let guard = ForkGuard::new();
        Self { _utf8: Utf8::enter(), _guard: guard }
    }
}
