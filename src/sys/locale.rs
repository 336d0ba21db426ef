//! The locale in which libarchive reads names.
//!
//! libarchive turns names into the encoding of the calling thread's locale, and a name that does not
//! fit is lost; under `LC_ALL=C` that is every name beyond ASCII. So its functions run in a UTF-8
//! locale of ours, whatever the process has, and the thread gets its own back each time.

use std::sync::OnceLock;

/// The thread's own locale, to be given back when this is dropped.
pub(super) struct Utf8 {
    previous: libc::locale_t,
    // A locale belongs to a thread: this must be dropped where it was made.
    _stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

/// A locale that lives as long as the process.
#[derive(Clone, Copy)]
struct Shared(libc::locale_t);

// SAFETY: a locale_t that nobody changes or frees may be used by any number of threads at once.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

static UTF_8: OnceLock<Option<Shared>> = OnceLock::new();

impl Utf8 {
    /// Gives the thread a UTF-8 locale until the result is dropped; `None` where the system has none.
    pub(super) fn enter() -> Option<Self> {
        let Shared(locale) = (*UTF_8.get_or_init(make))?;
        // SAFETY: the locale was made by newlocale and is never freed.
        let previous = unsafe { libc::uselocale(locale) };
        Some(Self { previous, _stays_on_its_thread: std::marker::PhantomData })
    }
}

impl Drop for Utf8 {
    fn drop(&mut self) {
        // SAFETY: what uselocale returned on this thread, before anybody could have freed it: it was
        // this thread's locale, and this thread has done nothing but run libarchive since.
        unsafe { libc::uselocale(self.previous) };
    }
}

fn make() -> Option<Shared> {
    // glibc and musl have the first, macOS the second; others have been seen to have only the third.
    [c"C.UTF-8", c"UTF-8", c"en_US.UTF-8"].into_iter().find_map(|name| {
        // SAFETY: a name that ends with a NUL, and no locale to be changed.
        let locale =
            unsafe { libc::newlocale(libc::LC_CTYPE_MASK, name.as_ptr(), std::ptr::null_mut()) };
        (!locale.is_null()).then_some(Shared(locale))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_locale_is_left_as_it_was_found() {
        // SAFETY: asks, and changes nothing.
        let current = || unsafe { libc::uselocale(std::ptr::null_mut()) };
        let before = current();
        let outer = Utf8::enter().expect("a UTF-8 locale");
        assert_ne!(current(), before);
        drop(Utf8::enter());
        assert_ne!(current(), before);
        drop(outer);
        assert_eq!(current(), before);
    }
}
