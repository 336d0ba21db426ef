//! libcurl's own URL parser.
//!
//! The same parser reads the URL of every transfer. A second parser would read some URL differently, and
//! libcurl would connect to another host than the one that was checked.

use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::ptr::NonNull;

/// Opaque, `CURLU`.
#[repr(C)]
struct Curlu {
    _opaque: [u8; 0],
}

// In libcurl since 7.62; curl-sys does not declare them.
unsafe extern "C" {
    fn curl_url() -> *mut Curlu;
    fn curl_url_cleanup(url: *mut Curlu);
    fn curl_url_set(url: *mut Curlu, part: c_int, text: *const c_char, flags: c_uint) -> c_int;
    fn curl_url_get(url: *mut Curlu, part: c_int, text: *mut *mut c_char, flags: c_uint) -> c_int;
}

/// `CURLU_DEFAULT_PORT`: a port that is not written is the scheme's.
const DEFAULT_PORT: c_uint = 1;
/// `CURLU_NON_SUPPORT_SCHEME`: also URLs that libcurl cannot fetch.
const ANY_SCHEME: c_uint = 1 << 3;
/// `CURLU_URLDECODE`.
const DECODE: c_uint = 1 << 6;

/// `CURLUPart`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UrlPart {
    Whole = 0,
    Scheme = 1,
    User = 2,
    Password = 3,
    Host = 5,
    Port = 6,
    Fragment = 9,
}

/// A URL, taken apart by libcurl.
pub(crate) struct ParsedUrl(NonNull<Curlu>);

impl ParsedUrl {
    /// Parses an absolute URL; `None` if it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // SAFETY: has no precondition. libcurl needs no global initialisation for it.
        let mut url = Self(NonNull::new(unsafe { curl_url() })?);
        url.join(text).then_some(url)
    }

    /// Is this the URL of a proxy, as libcurl will read it?
    pub(crate) fn is_proxy(text: &str) -> bool {
        // SAFETY: has no precondition.
        let Some(handle) = NonNull::new(unsafe { curl_url() }) else { return false };
        let (mut url, Ok(text)) = (Self(handle), CString::new(text)) else { return false };
        url.set_with(UrlPart::Whole, Some(&text), ANY_SCHEME)
    }

    /// Follows a reference, absolute or relative, from this URL; false if that is no URL.
    pub(crate) fn join(&mut self, reference: &str) -> bool {
        let Ok(text) = CString::new(reference) else { return false };
        self.set(UrlPart::Whole, Some(&text))
    }

    /// Removes a part.
    pub(crate) fn remove(&mut self, part: UrlPart) {
        self.set(part, None);
    }

    /// A part as it is written; `None` if it is missing, or is not UTF-8.
    pub(crate) fn get(&self, part: UrlPart) -> Option<String> {
        self.read(part, if matches!(part, UrlPart::Port) { DEFAULT_PORT } else { 0 })
    }

    /// A part, percent-decoded; `None` if it is missing, or is not UTF-8 then.
    pub(crate) fn decoded(&self, part: UrlPart) -> Option<String> {
        self.read(part, DECODE)
    }

    fn set(&mut self, part: UrlPart, text: Option<&CStr>) -> bool {
        self.set_with(part, text, 0)
    }

    fn set_with(&mut self, part: UrlPart, text: Option<&CStr>, flags: c_uint) -> bool {
        let text = text.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: the handle is valid and only borrowed here; libcurl copies the text.
        unsafe { curl_url_set(self.0.as_ptr(), part as c_int, text, flags) == 0 }
    }

    fn read(&self, part: UrlPart, flags: c_uint) -> Option<String> {
        let mut text: *mut c_char = std::ptr::null_mut();
        // SAFETY: the handle is valid; libcurl only reads it. On success `text` is a text of its own
        // that ends in NUL, and that is ours to free.
        unsafe {
            if curl_url_get(self.0.as_ptr(), part as c_int, &raw mut text, flags) != 0 {
                return None;
            }
            let owned = CStr::from_ptr(text).to_str().map(str::to_owned);
            curl_sys::curl_free(text.cast());
            owned.ok()
        }
    }
}

impl Drop for ParsedUrl {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and not used any more.
        unsafe { curl_url_cleanup(self.0.as_ptr()) }
    }
}
