//! Which values are refused, and what is said of them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Value, ValueKind, auth};
use crate::error::{Error, Name, Result};
use crate::sys::url::ParsedUrl;
use crate::text::redact::{HIDDEN, redacted};

/// Bytes of one header's name: several times what any registered one has.
const MAX_HEADER_NAME: usize = 256;

/// Bytes of all request headers: what is read of a response's at most. Servers take 8 to 64 KiB.
pub(super) const MAX_HEADERS: usize = 256 << 10;

const PROXY_SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

impl ValueKind {
    /// Checks a value of the option of this `name`. Its type is that of the kind.
    ///
    /// # Errors
    /// [`Error::Argument`] with the option's name and what it must be.
    pub fn check(&self, name: &str, value: &Value) -> Result<()> {
        let refuse = |what: &str| Err(Error::Argument(format!("{name} must be {what}")));
        match (self, value) {
            (Self::OrNone(kind), value) if *value != Value::Nothing => kind.check(name, value),
            (&Self::Integer(least, _), &Value::Integer(value)) if value < least => {
                refuse(if least == 0 { "non-negative" } else { "positive" })
            }
            (&Self::Integer(_, most), &Value::Integer(value)) if value > most => {
                refuse(&format!("<= {most}"))
            }
            (Self::Bytes(..), Value::Integer(..=0)) => refuse("positive"),
            (&Self::Bytes(most, text), &Value::Integer(value)) if value > most => {
                refuse(&format!("<= {text}"))
            }
            (Self::Limit, Value::Integer(..=0)) => refuse("positive or None"),
            (Self::Ratio, &Value::Number(value)) if !is_positive(value) => {
                refuse("positive or None")
            }
            (Self::Seconds, &Value::Number(value)) if !is_positive(value) => refuse("positive"),
            (Self::Choice(texts), Value::Text(text)) if !texts.contains(&text.as_str()) => {
                refuse(&one_of(texts))
            }
            (Self::Proxy, Value::Text(proxy)) => check_proxy(name, proxy),
            (Self::Headers, Value::Pairs(headers)) => check_headers(headers),
            (Self::Auth, auth) => auth::check(name, auth),
            (Self::Path | Self::ClientCert, Value::Path(path)) => check_path(name, path),
            (Self::ClientCert, Value::Paths(paths)) => {
                paths.iter().try_for_each(|path| check_path(name, path))
            }
            _ => Ok(()),
        }
    }
}

/// Not a number is none either.
fn is_positive(value: f64) -> bool {
    value > 0.0
}

/// `'a', 'b' or 'c'`
fn one_of(texts: &[&str]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("'{text}'")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

fn check_proxy(name: &str, proxy: &str) -> Result<()> {
    let scheme = proxy.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    require(
        scheme.is_some_and(|scheme| PROXY_SCHEMES.contains(&scheme.as_str())),
        &format!("{name} must start with http://, https://, socks5:// or socks5h://"),
    )?;
    if ParsedUrl::is_proxy(proxy) {
        return Ok(());
    }
    let shown = Name::new(&redacted(proxy.as_bytes()));
    Err(Error::Argument(format!("{name} is no valid URL: '{shown}'")))
}

fn check_path(name: &str, path: &Path) -> Result<()> {
    let bytes = path.as_os_str().as_bytes();
    require(!bytes.is_empty(), &format!("{name} cannot be empty"))?;
    require(!bytes.contains(&0), &format!("{name} contains a NUL byte"))
}

fn check_headers(headers: &[(String, String)]) -> Result<()> {
    let broken = |text: &str| text.contains(['\r', '\n', '\0']);
    for (name, value) in headers {
        require(!name.is_empty(), "header name cannot be empty")?;
        require(name.len() <= MAX_HEADER_NAME, "header name must be at most 256 bytes long")?;
        require(!broken(name), "header name must not contain CR, LF or NUL")?;
        if let Some((at, letter)) =
            name.char_indices().find(|&(_, letter)| !is_of_header_name(letter))
        {
            // A value, which may be a secret, may stand behind it.
            let (begins, rest) = name.split_at(at + letter.len_utf8());
            let shown = format!("{begins}{}", if rest.is_empty() { "" } else { HIDDEN });
            let message = format!("header name {shown:?} must not contain {letter:?}");
            return Err(Error::Argument(message));
        }
        if broken(value) {
            let message = format!("value of header {name:?} must not contain CR, LF or NUL");
            return Err(Error::Argument(message));
        }
    }
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len());
    require(bytes.sum::<usize>() <= MAX_HEADERS, "headers must be at most 256 KiB together")
}

/// RFC 9110, section 5.6.2: a token.
fn is_of_header_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

fn require(condition: bool, message: &str) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::Argument(message.to_owned())) }
}
