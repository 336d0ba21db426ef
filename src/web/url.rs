//! URLs: scheme, host, port and credentials.

use std::fmt;

use super::address::literal;
use crate::sys::url::{ParsedUrl, UrlPart};
use crate::text::redact::{HIDDEN, redacted};

/// An http or https URL, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it is requested: without credentials and without a fragment.
    text: String,
    secure: bool,
    /// In lower case, IPv6 in brackets. An address is the same however it was written.
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Url")
            .field("text", &String::from_utf8_lossy(&redacted(self.text.as_bytes())))
            .field("credentials", &self.credentials.as_ref().map(|_| HIDDEN))
            .finish_non_exhaustive()
    }
}

impl Url {
    /// Reads an absolute URL; `None` if it is not one of http or https.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        Self::take_apart(ParsedUrl::parse(&encoded(text)?)?)
    }

    /// Follows a reference from this URL, as a redirect's `Location` is: the credentials that may be
    /// in it are a server's, not the user's, and are dropped.
    pub(crate) fn join(&self, reference: &[u8]) -> Option<Self> {
        let mut url = ParsedUrl::parse(&self.text)?;
        if !url.join(&encoded(reference)?) {
            return None;
        }
        let joined = Self::take_apart(url)?;
        Some(Self { credentials: None, ..joined })
    }

    fn take_apart(mut url: ParsedUrl) -> Option<Self> {
        let secure = match url.get(UrlPart::Scheme)?.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let credentials =
            if url.get(UrlPart::User).is_some() || url.get(UrlPart::Password).is_some() {
                let part = |part| match url.get(part) {
                    Some(_) => url.decoded(part),
                    None => Some(String::new()),
                };
                Some((part(UrlPart::User)?, part(UrlPart::Password)?))
            } else {
                None
            };
        for part in [UrlPart::User, UrlPart::Password, UrlPart::Fragment] {
            url.remove(part);
        }
        Some(Self {
            text: url.get(UrlPart::Whole)?,
            secure,
            host: canonical(url.get(UrlPart::Host)?.to_ascii_lowercase()),
            port: url.get(UrlPart::Port)?.parse().ok()?,
            credentials,
        })
    }

    /// What is requested: the URL without credentials and without a fragment.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// User and password, decoded.
    pub(crate) fn credentials(&self) -> Option<&(String, String)> {
        self.credentials.as_ref()
    }

    /// This URL, with the credentials of another.
    pub(crate) fn with_credentials_of(self, other: &Self) -> Self {
        Self { credentials: other.credentials.clone(), ..self }
    }

    /// Do both lead to the same scheme, host and port?
    pub(crate) fn has_origin_of(&self, other: &Self) -> bool {
        (self.secure, &self.host, self.port) == (other.secure, &other.host, other.port)
    }
}

/// The address that `host` is, where libcurl has not recognised one: it does not where digits are
/// percent-encoded, or a dot is at the end. A proxy would get the host like that, and may recognise it.
fn canonical(host: String) -> String {
    let bare = host.trim_end_matches('.');
    let read = ParsedUrl::parse(&format!("http://{bare}/")).and_then(|url| url.get(UrlPart::Host));
    read.filter(|read| literal(read).is_some()).unwrap_or(host)
}

/// Where the authority of `text` is: from after `//` up to the path, the query or the fragment.
fn authority(text: &[u8]) -> std::ops::Range<usize> {
    let slashes = text.windows(2).position(|pair| pair == b"//");
    // In a relative reference `//` may come later, in its path or query.
    let leads = |at: &usize| {
        let before = text[..*at].strip_suffix(b":").unwrap_or(&text[..*at]);
        before.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
    };
    let Some(start) = slashes.filter(leads).map(|at| at + 2) else { return 0..0 };
    // A text with more than two slashes is no URL (see `encoded`), and may still hold a password.
    let start = start + text[start..].iter().take_while(|&&byte| byte == b'/').count();
    let length = text[start..].iter().position(|byte| b"/?#".contains(byte));
    start..length.map_or(text.len(), |length| start + length)
}

/// Percent-encodes bytes that cannot be sent as they are (spaces, control characters, all that is not ASCII),
/// except in the authority, whose names have an encoding of their own.
fn encoded(text: &[u8]) -> Option<String> {
    let range = authority(text);
    if text[..range.start].ends_with(b"///") {
        return None;
    }
    let mut encoded = std::str::from_utf8(&text[..range.end]).ok()?.to_owned();
    for &byte in &text[range.end..] {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(percent_encoding::percent_encode_byte(byte));
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text.as_bytes()).expect("a URL")
    }

    #[test]
    fn a_url_is_requested_without_fragment_and_credentials() {
        let url = url("HTTP://me:p%40ss@Example.ORG:8080/a?q=a+b&c=%20#part");
        assert_eq!(url.text(), "http://Example.ORG:8080/a?q=a+b&c=%20");
        assert_eq!((url.host(), url.port(), url.is_secure()), ("example.org", 8080, false));
        assert_eq!(url.credentials(), Some(&("me".to_owned(), "p@ss".to_owned())));
    }

    #[test]
    fn a_port_that_is_not_written_is_the_schemes() {
        assert_eq!(url("http://h/").port(), 80);
        assert_eq!(url("https://h").port(), 443);
        assert!(url("https://h").has_origin_of(&url("https://H:443/x")));
        assert!(!url("https://h").has_origin_of(&url("http://h:443/")));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        for text in ["http://127.1/", "http://0x7f.0.0.1/", "http://2130706433/", "http://0177.1/"]
        {
            assert_eq!(url(text).host(), "127.0.0.1", "{text}");
        }
        assert_eq!(url("http://[::1]:81/").host(), "[::1]");
    }

    #[test]
    fn an_address_in_disguise_is_recognised() {
        for text in [
            "http://127.0.0.1./",
            "http://0177.0.0.1./",
            "http://2130706433../",
            "http://%3127.1/",
            "http://%30x7f.1./",
        ] {
            assert_eq!(url(text).host(), "127.0.0.1", "{text}");
        }
        assert_eq!(url("http://example.org./").host(), "example.org.");
        // Other scripts stay: see `address::Rule::refuses_host`.
        assert!(!url("http://\u{ff11}27.0.0.1/").host().is_ascii());
    }

    #[test]
    fn bytes_that_cannot_be_sent_are_encoded_and_encoded_ones_kept() {
        assert_eq!(url("http://h/a b/é?q=x y&z=%2F").text(), "http://h/a%20b/%C3%A9?q=x%20y&z=%2F");
    }

    #[test]
    fn other_text_is_no_url() {
        for text in ["http://", "http:///p", "ftp://h/", "http://h:99999/", "http://a b/", "x"] {
            assert_eq!(Url::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Url::parse(b"http://\xff/"), None);
    }

    #[test]
    fn a_reference_is_followed_from_where_it_stands() {
        let base = url("http://me:secret@h/a/b?q");
        let to = |reference: &str| base.join(reference.as_bytes()).map(|url| url.text);
        assert_eq!(to("/c").as_deref(), Some("http://h/c"));
        assert_eq!(to("c d?u=http://x/").as_deref(), Some("http://h/a/c%20d?u=http://x/"));
        assert_eq!(to("//other/c").as_deref(), Some("http://other/c"));
        assert_eq!(to("https://h/").as_deref(), Some("https://h/"));
        assert_eq!(to("file:///etc/passwd"), None);
        assert_eq!(to("gopher://h/"), None);
        assert_eq!(base.join(b"http://you:them@h/").expect("a URL").credentials(), None);
        assert_eq!(base.join(b"/c").expect("a URL").credentials(), None);
    }
}
