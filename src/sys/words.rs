//! The system's words for its error numbers.
//!
//! They are asked for in the locale "C": in any other the C library looks for a translation, and reads the
//! environment for it, which another thread may be changing (see `http/environment.rs`). So all messages are
//! English.

/// The words for `errno`; `None` where the system has no such function.
#[cfg(target_os = "linux")]
pub(crate) fn of(errno: i32) -> Option<String> {
    use std::ffi::{CStr, c_char, c_int};
    use std::sync::OnceLock;

    /// The locale's address. The C library has this locale built in, and never frees it.
    static C: OnceLock<usize> = OnceLock::new();

    // In glibc and in musl; the `libc` crate does not declare it.
    unsafe extern "C" {
        fn strerror_l(errno: c_int, locale: libc::locale_t) -> *const c_char;
    }

    let locale = *C.get_or_init(|| {
        // SAFETY: a name that ends with a NUL, and no locale to be changed.
        unsafe { libc::newlocale(libc::LC_ALL_MASK, c"C".as_ptr(), std::ptr::null_mut()) }
            .expose_provenance()
    });
    if locale == 0 {
        return None;
    }
    // SAFETY: a locale that lives as long as the process. The text that is returned ends with a NUL, and stays
    // until this thread asks again.
    let words =
        unsafe { CStr::from_ptr(strerror_l(errno, std::ptr::with_exposed_provenance_mut(locale))) };
    Some(words.to_string_lossy().into_owned())
}

/// The words for `errno`; `None` where the system has no such function.
#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_: i32) -> Option<String> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_the_words_that_std_has() {
        // Tests run in the locale "C".
        for errno in 1..200 {
            let std = std::io::Error::from_raw_os_error(errno).to_string();
            assert_eq!(format!("{} (os error {errno})", of(errno).expect("Linux")), std);
        }
    }
}
