//! The locale in which libarchive reads names, and in which libcurl runs.
//!
//! libarchive converts names to the encoding of the calling thread's locale, and a name that does not
//! fit is lost; under `LC_ALL=C` that is every name beyond ASCII. So its functions run in a UTF-8 locale of
//! ours, whatever the process has. The thread gets its own locale back each time, also while libarchive calls
//! back, since Python's signal handlers may run then.

use std::cell::Cell;
use std::sync::OnceLock;

/// Gives the thread its own locale back when it is dropped.
pub(super) struct Utf8 {
    previous: libc::locale_t,
    /// What [`OWN`] was before.
    outer: Option<libc::locale_t>,
    // A locale belongs to a thread: this must be dropped where it was made.
    _stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

/// A locale that lives as long as the process.
#[derive(Clone, Copy)]
struct Shared(libc::locale_t);

// SAFETY: a locale_t that is never changed or freed may be used by any number of threads at once.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

static UTF_8: OnceLock<Option<Shared>> = OnceLock::new();

thread_local! {
    /// The thread's own locale, while it has ours.
    static OWN: Cell<Option<libc::locale_t>> = const { Cell::new(None) };
}

/// Makes the locale, and has the C library find its converters of character sets. Both read the environment,
/// once in the life of the process: best done while no other thread can change it.
#[cfg(feature = "python")]
pub(crate) fn prepare() {
    let _ = UTF_8.get_or_init(make);
    // Converting dates reads the time zone's variable, once.
    // SAFETY: a structure of plain numbers, for which zero is a value.
    unsafe { libc::timegm(&mut std::mem::zeroed()) };
    // SAFETY: two texts that end with a NUL; what is opened is closed, and nothing else has it.
    unsafe {
        let converter = libc::iconv_open(c"UTF-8".as_ptr(), c"UTF-16BE".as_ptr());
        // It returns -1 where it knows no such converter.
        if converter.addr() != usize::MAX {
            libc::iconv_close(converter);
        }
    }
}

/// Gives the thread our locale until it ends, for a thread that runs only libcurl. libcurl reads the names of
/// hosts in the thread's locale. In the process's own it would also read the environment (`LANGUAGE`) for a
/// translation of each of the system's errors.
pub(crate) fn enter_for_good() {
    std::mem::forget(Utf8::enter());
}

/// Does `work` in the thread's own locale, if the thread has ours.
pub(super) fn in_own<T>(work: impl FnOnce() -> T) -> T {
    /// Also if the work panics.
    struct Back(libc::locale_t);
    impl Drop for Back {
        fn drop(&mut self) {
            // SAFETY: it was this thread's locale a moment ago, and is one that is never freed.
            unsafe { libc::uselocale(self.0) };
        }
    }
    let Some(own) = OWN.get() else { return work() };
    // SAFETY: it was this thread's locale when it entered ours, and has been set aside since.
    let _back = Back(unsafe { libc::uselocale(own) });
    work()
}

impl Utf8 {
    /// Gives the thread a UTF-8 locale until the result is dropped; `None` where the system has none.
    pub(super) fn enter() -> Option<Self> {
        let Shared(locale) = (*UTF_8.get_or_init(make))?;
        // SAFETY: the locale was made by newlocale and is never freed.
        let previous = unsafe { libc::uselocale(locale) };
        let outer = OWN.replace(Some(previous));
        Some(Self { previous, outer, _stays_on_its_thread: std::marker::PhantomData })
    }
}

impl Drop for Utf8 {
    fn drop(&mut self) {
        // SAFETY: uselocale returned it on this thread, and it cannot have been freed: it was this thread's
        // locale, and this thread has only run libarchive since.
        unsafe { libc::uselocale(self.previous) };
        OWN.set(self.outer);
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

    #[test]
    fn a_callback_runs_in_the_threads_own_locale() {
        // SAFETY: asks, and changes nothing.
        let current = || unsafe { libc::uselocale(std::ptr::null_mut()) };
        let before = current();
        assert_eq!(in_own(current), before, "outside of libarchive the locale does not change");
        let inside = Utf8::enter().expect("a UTF-8 locale");
        let ours = current();
        assert_eq!(in_own(current), before);
        assert_eq!(current(), ours);
        let panicked = std::panic::catch_unwind(|| in_own(|| panic!("in a callback")));
        assert!(panicked.is_err());
        assert_eq!(current(), ours);
        drop(inside);
        assert_eq!(in_own(current), before);
    }
}
