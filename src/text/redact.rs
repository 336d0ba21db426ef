//! What may be shown of a text that is a URL, or that may have been meant as one.
//!
//! A password must not come into a message because of a slip of a finger, so that a text need not be a
//! valid URL to be one here: ` http://…` and `http:/…` are paths to [`Source`](crate::Source), and shown
//! like URLs. And since a password may hold any letter, `/` and `@` among them, everything up to the last
//! `@` may be a part of it. RFC 3986 has user and password end before the first `/`, and by it the password
//! of `http://me:p/ss@host/` is `p`, and a part of a path. The one who wrote it meant otherwise. So an `@` is
//! taken for a part of a path only where what stands before it can be nothing but a host and a path: to show a
//! URL as `https://***@18/`, which is `https://unpkg.com/react@18/`, would not be recognised.

use std::borrow::Cow;

/// Stands in place of what is not to be seen.
pub(crate) const HIDDEN: &str = "***";

/// Schemes that are seen without their two slashes, too.
const SCHEMES: [&[u8]; 13] = [
    b"http", b"https", b"ftp", b"ftps", b"sftp", b"file", b"s3", b"gs", b"az", b"socks5",
    b"socks5h", b"socks4", b"socks4a",
];

/// Names of parameters whose value gives access, in lower case and without `-` and `_`. Those
/// of S3 (both kinds of its signatures), Google, Azure, Amazon's other services, Alibaba, and what APIs use commonly.
const SIGNING: [&str; 25] = [
    "sig",
    "sign",
    "pass",
    "passphrase",
    "session",
    "sid",
    "sas",
    "hmac",
    "jwt",
    "auth",
    "authorization",
    "pwd",
    "passwd",
    "policy",
    "sessionid",
    "apikey",
    "accesskey",
    "accesskeyid",
    "awsaccesskeyid",
    "ossaccesskeyid",
    "googleaccessid",
    "keypairid",
    // Tencent's key, Discord's digest, Akamai's tokens.
    "qak",
    "hm",
    "hdnea",
];

/// Parts of such names that are enough by themselves: `X-Amz-Signature`, `access_token`.
const SIGNING_PARTS: [&str; 6] =
    ["signature", "credential", "token", "password", "secret", "apikey"];

/// The text without user, password and what signs, if it is a URL or nearly is one.
pub(crate) fn redacted(text: &[u8]) -> Cow<'_, [u8]> {
    match scheme(text) {
        Some(scheme) => hide(text, &scheme),
        None => Cow::Borrowed(text),
    }
}

/// The same for what a server sent as a reference, which may begin with `//` or be a part of a URL.
pub(crate) fn redacted_reference(text: &[u8]) -> Cow<'_, [u8]> {
    let slashes = text.iter().take_while(|&&byte| is_slash(byte)).count();
    match scheme(text) {
        Some(scheme) => hide(text, &scheme),
        None if slashes >= 2 => hide(text, &Scheme { name: b"", end: slashes }),
        None => query(text, 0).map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

/// The same where nothing depends on that the text can be read: for what was not found, for `repr`, for records
/// of a log and for names that content is given,
/// `user:password@host/…` counts too, and `//user:pass/word@host/…`. A file may have such a name.
pub(crate) fn redacted_fully(text: &[u8]) -> Cow<'_, [u8]> {
    let slashes = text.iter().take_while(|&&byte| is_slash(byte)).count();
    let first = |text: &[u8]| text.iter().position(|&byte| is_slash(byte)).unwrap_or(text.len());
    if slashes >= 2 && text[slashes..][..first(&text[slashes..])].contains(&b':') {
        return redacted_reference(text);
    }
    let first = &text[..first(text)];
    let colon = first.iter().position(|&byte| byte == b':');
    let at = first.iter().rposition(|&byte| byte == b'@');
    match (scheme(text), colon, at) {
        (None, Some(colon), Some(at)) if colon < at => {
            Cow::Owned([HIDDEN.as_bytes(), &text[at..]].concat())
        }
        _ => redacted(text),
    }
}

/// Is the text a path only because something is wrong with the beginning of a URL?
pub(crate) fn is_nearly_url(text: &[u8]) -> bool {
    scheme(text).is_some_and(|scheme| matches!(scheme.name, b"http" | b"https"))
}

/// Where a scheme was found.
struct Scheme<'t> {
    /// In lower case only where it is one of [`SCHEMES`].
    name: &'t [u8],
    /// Where what follows begins, slashes left out.
    end: usize,
}

fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The scheme that the text begins with, behind spaces, quotes and the like; or that stands before its first
/// slashes, as in `url=http://…`.
fn scheme(text: &[u8]) -> Option<Scheme<'_>> {
    if may_have_scheme(text) { scheme_of(text) } else { None }
}

/// Is there what a scheme ends with? Most paths have neither, and each call with a path asks.
fn may_have_scheme(text: &[u8]) -> bool {
    memchr::memchr(b':', text).is_some()
        || text.windows(2).any(|pair| is_slash(pair[0]) && is_slash(pair[1]))
}

fn scheme_of(text: &[u8]) -> Option<Scheme<'_>> {
    let start = text.iter().position(u8::is_ascii_alphanumeric)?;
    if text[..start].iter().any(|&byte| is_slash(byte) || byte == b'.') {
        return None;
    }
    let length = text[start..].iter().take_while(|byte| is_in_scheme(**byte)).count();
    let (name, rest) = text[start..].split_at(length);
    let known = SCHEMES.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme));
    // A slip of a finger puts more there than the colon, or something else.
    let between =
        rest.iter().take_while(|byte| known.is_some() && b" \t:;".contains(*byte)).count();
    let slashes = rest[between..].iter().take_while(|&&byte| is_slash(byte)).count();
    if let Some(name) = known
        && (rest[..between].contains(&b':') || slashes >= 2)
    {
        return Some(Scheme { name, end: start + length + between + slashes });
    }
    let first = text.iter().position(|&byte| is_slash(byte))?;
    let slashes = text[first..].iter().take_while(|&&byte| is_slash(byte)).count();
    let before = text[..first].strip_suffix(b":").filter(|_| slashes >= 2)?;
    let length = before.iter().rev().take_while(|byte| is_in_scheme(**byte)).count();
    let name = &before[before.len() - length..];
    let known = SCHEMES.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme));
    (length > 0).then_some(Scheme { name: known.unwrap_or(name), end: first + slashes })
}

fn is_in_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

/// The text with what follows its scheme made fit to be seen.
fn hide<'t>(text: &'t [u8], scheme: &Scheme<'_>) -> Cow<'t, [u8]> {
    let rest = &text[scheme.end..];
    let at = rest.iter().rposition(|&byte| byte == b'@');
    match at.filter(|&at| !is_in_path(&rest[..at], scheme)) {
        None => query(text, scheme.end).map_or(Cow::Borrowed(text), Cow::Owned),
        Some(at) => {
            let shown = [&text[..scheme.end], HIDDEN.as_bytes(), &rest[at..]].concat();
            Cow::Owned(query(&shown, scheme.end).unwrap_or(shown))
        }
    }
}

/// Is what stands between the scheme and an `@` a host and a path beyond doubt, as in
/// `https://unpkg.com/react@18/`? Not if there is a colon, which stands before a password, other than
/// that of a port, in digits, after what can be no user; nor if what stands first is a single word, or holds what
/// no host's name does.
fn is_in_path(before: &[u8], scheme: &Scheme<'_>) -> bool {
    if scheme.name == b"file" {
        return !before.contains(&b':');
    }
    let end = |&byte: &u8| is_slash(byte) || b"?#".contains(&byte);
    let Some(length) = before.iter().position(end) else { return false };
    let (authority, path) = before.split_at(length);
    if authority.contains(&b'@') || path.contains(&b':') {
        return false;
    }
    let port =
        authority.iter().rposition(|&byte| byte == b':').filter(|_| !authority.ends_with(b"]"));
    let is_port = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if port.is_some_and(|colon| !is_port(&authority[colon + 1..])) {
        return false;
    }
    let host = std::str::from_utf8(&authority[..port.unwrap_or(length)]).unwrap_or_default();
    let is_address = host.parse::<std::net::Ipv4Addr>().is_ok()
        || (host.starts_with('[') && host.ends_with(']'))
        || host.eq_ignore_ascii_case("localhost");
    is_address || (port.is_none() && is_name(host))
}

/// Is it the name of a host in a domain? No user's, with `%40` in it for example, and no number.
fn is_name(host: &str) -> bool {
    let mut labels = host.strip_suffix('.').unwrap_or(host).rsplit('.');
    let is_letter = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    let last = labels.next().unwrap_or_default();
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_letter);
    let mut domain = labels.peekable();
    domain.peek().is_some()
        && domain.all(is_label)
        && is_label(last)
        && last.contains(char::is_alphabetic)
}

/// The text with `***` in place of the values of parameters that sign; `None` if there is none.
fn query(text: &[u8], from: usize) -> Option<Vec<u8>> {
    let start = from + text[from..].iter().position(|byte| b"?#".contains(byte))?;
    let mut shown = text[..start].to_vec();
    let mut hidden = false;
    for part in text[start..].split_inclusive(|byte| b"?#&;".contains(byte)) {
        let (part, end) = match part.split_last() {
            Some((last, part)) if b"?#&;".contains(last) => (part, std::slice::from_ref(last)),
            _ => (part, &[][..]),
        };
        match part.iter().position(|&byte| byte == b'=') {
            Some(equals) if equals + 1 < part.len() && signs(&part[..equals]) => {
                hidden = true;
                shown.extend_from_slice(&part[..=equals]);
                shown.extend_from_slice(HIDDEN.as_bytes());
            }
            _ => shown.extend_from_slice(part),
        }
        shown.extend_from_slice(end);
    }
    hidden.then_some(shown)
}

/// Does the value of a parameter of this name give access?
fn signs(name: &[u8]) -> bool {
    let name = percent_encoding::percent_decode(name);
    let plain = name.filter(|byte| !b"-_. ".contains(byte)).map(|byte| byte.to_ascii_lowercase());
    let name = String::from_utf8_lossy(&plain.collect::<Vec<_>>()).into_owned();
    SIGNING.contains(&name.as_str()) || SIGNING_PARTS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_first_of_a_text_misses_no_scheme() {
        let letters = b"s3x:/\\ ;.";
        let mut texts = vec![Vec::new()];
        for _ in 0..6 {
            let longer = texts.iter().flat_map(|text: &Vec<u8>| {
                letters.iter().map(|&letter| [&text[..], &[letter]].concat())
            });
            texts = longer.collect();
            for text in &texts {
                assert!(may_have_scheme(text) || scheme_of(text).is_none(), "{text:?}");
            }
        }
        assert!(texts.iter().any(|text| scheme_of(text).is_some()));
    }

    fn shown(text: &str) -> String {
        String::from_utf8(redacted(text.as_bytes()).into_owned()).expect("UTF-8")
    }

    #[test]
    fn everything_up_to_the_last_at_sign_is_hidden() {
        for (text, expected) in [
            ("http://me:p@ss@h/x", "http://***@h/x"),
            ("HTTPS://token@h?a", "HTTPS://***@h?a"),
            ("http://me:p@ss/w?o#rd@h/x", "http://***@h/x"),
            ("http://me:12/34@h/x", "http://***@h/x"),
            ("http://me/pass@h/", "http://***@h/"),
            ("http://corp.example/me:pass@h/", "http://***@h/"),
            ("http:////me:pass@h/", "http:////***@h/"),
            (" \t\"http://me:pass@h/", " \t\"http://***@h/"),
            ("\u{feff}http://me:pass@h/", "\u{feff}http://***@h/"),
            ("http:/me:pass@h", "http:/***@h"),
            ("http:me:pass@h", "http:***@h"),
            ("http//me:pass@h", "http//***@h"),
            ("http:\\\\me:pass@h", "http:\\\\***@h"),
            ("htp://me:pass@h", "htp://***@h"),
            ("ftp://me:pass@h/", "ftp://***@h/"),
            ("file://me:pass@h/p", "file://***@h/p"),
            ("socks5h://me:pass@proxy:1", "socks5h://***@proxy:1"),
            ("http://h:x/me:pass@h", "http://***@h"),
            ("http://me:p/ss@host/", "http://***@host/"),
            ("https://me%40corp.example/pass@h/", "https://***@h/"),
            ("https://me+1.x/pass@h/", "https://***@h/"),
            ("https://12.34/pass@h/", "https://***@h/"),
            ("https://.me/pass@h/", "https://***@h/"),
            // A host of one word, which may as well be a user.
            ("https://host/@user/x", "https://***@user/x"),
            ("https://host.example:8080/a@b", "https://***@b"),
            // What stands behind the colon is no port.
            ("http://localhost:pass/word@h/", "http://***@h/"),
            ("http://127.0.0.1:p@ss@h/", "http://***@h/"),
            ("http://[::1]:se/cret@h/", "http://***@h/"),
            ("git+ssh://me:pass@h/x", "git+ssh://***@h/x"),
            ("hxxps://me:pass@h", "hxxps://***@h"),
            ("'https://me:p/w@h/'", "'https://***@h/'"),
            ("<http://me:pass@h/>", "<http://***@h/>"),
            ("url=http://me:pass@h/", "url=http://***@h/"),
            ("http ://me:pass@h/", "http ://***@h/"),
            ("http: //me:pass@h/", "http: //***@h/"),
            ("http;//me:pass@h/", "http;//***@h/"),
            ("http:/\\/me:pass@h/", "http:/\\/***@h/"),
            ("https://me:pass%40x@h/", "https://***@h/"),
            ("https://me:p\u{e4}ss/@h/", "https://***@h/"),
            ("s3://key:secret@bucket/k", "s3://***@bucket/k"),
            ("https://me:pass@[::1]/x", "https://***@[::1]/x"),
            ("https://me:pass@h/?u=a@b", "https://***@b"),
            ("https://h.example/?next=http://me:pass@h/", "https://***@h/"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn what_can_be_no_password_is_shown() {
        for text in [
            "",
            "http://",
            "http://h",
            "https://unpkg.com/react@18/index.js",
            "https://host.example/@user/x",
            "https://host.example./@user/x?mail=a@b",
            "https://b\u{fc}cher.example/@user",
            "http://127.0.0.1:8080/a@b",
            "http://[::1]:8080/a@b?c@d",
            "http://localhost:8080/a@b",
            "file:///home/me@work/x",
            "file://localhost/me@work",
            "a@b",
            "12:30@home",
            "/srv/http://me:pass@h",
            "./http:/x@y",
            "//srv/a@b",
            "http/a@b",
            "http notes/a@b",
            "a b/http://me@x",
            "!://me@x",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn values_that_sign_are_hidden() {
        for (text, expected) in [
            (
                "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=AK%2Fx&X-Amz-Date=2&\
                 X-Amz-Security-Token=T&x-amz-signature=5e",
                "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Credential=***&X-Amz-Date=2&\
                 X-Amz-Security-Token=***&x-amz-signature=***",
            ),
            (
                "http://h/?sv=1&sig=a%3D&se=2#access_token=x",
                "http://h/?sv=1&sig=***&se=2#access_token=***",
            ),
            (
                "http://h/?AWSAccessKeyId=A&Expires=1&Signature=S",
                "http://h/?AWSAccessKeyId=***&Expires=1&Signature=***",
            ),
            ("http://me:x@h/?%73ig=a;api_key=b", "http://***@h/?%73ig=***;api_key=***"),
            ("http:/h/?token=a=b", "http:/h/?token=***"),
            (
                "https://cdn.discordapp.com/a?ex=1&is=2&hm=3",
                "https://cdn.discordapp.com/a?ex=1&is=2&hm=***",
            ),
            (
                "https://h/?q-ak=A&q-signature=S&q-key-time=1",
                "https://h/?q-ak=***&q-signature=***&q-key-time=1",
            ),
            ("http://h/?pass=a&PassPhrase=b", "http://h/?pass=***&PassPhrase=***"),
            (
                "http://h/?X-Goog-Credential=a%40b&X-Goog-Expires=9",
                "http://h/?X-Goog-Credential=***&X-Goog-Expires=9",
            ),
            ("http://h/;jsessionid=a?client_secret=b", "http://h/;jsessionid=a?client_secret=***"),
        ] {
            assert_eq!(shown(text), expected);
        }
        for text in ["http://h/?key=a&sig=&design=b&q", "/p?sig=x", "http://h/sig=x"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_reference_is_hidden_without_its_scheme() {
        let shown = |text: &str| {
            String::from_utf8(redacted_reference(text.as_bytes()).into_owned()).expect("UTF-8")
        };
        assert_eq!(shown("//me:pass@h/"), "//***@h/");
        assert_eq!(shown("ftp://me:pass@h/"), "ftp://***@h/");
        assert_eq!(shown("/x?sig=a"), "/x?sig=***");
        assert_eq!(shown("/x@y"), "/x@y");
    }

    #[test]
    fn what_was_not_found_is_hidden_without_a_scheme() {
        let shown = |text: &str| {
            String::from_utf8(redacted_fully(text.as_bytes()).into_owned()).expect("UTF-8")
        };
        assert_eq!(shown("me:pass@h/x"), "***@h/x");
        assert_eq!(shown("http:/me:pass@h"), "http:/***@h");
        assert_eq!(shown("//me:pass@h/x"), "//***@h/x");
        assert_eq!(shown("//me:pa/ss@h/x"), "//***@h/x");
        assert_eq!(shown("\\\\me:pass@h"), "\\\\***@h");
        for text in
            ["//srv/a@b", "//srv/a:b@c", "//h:1/x", "a@b", "/me:pass@h", "dir/me:pass@h", "a@b:c"]
        {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn what_nearly_is_a_url_is_told_from_paths() {
        for text in [" http://h/", "http:/h", "https//h", "\"http://h/\""] {
            assert!(is_nearly_url(text.as_bytes()), "{text}");
        }
        for text in ["http", "http/h", "/http://h", "a:/b", "httpd:/b"] {
            assert!(!is_nearly_url(text.as_bytes()), "{text}");
        }
    }
}
