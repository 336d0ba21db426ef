//! How settings are printed for debugging: without passwords and tokens.
//!
//! A program that logs a source or its options with `{:?}` does not find credentials in the log. What
//! Python shows of them is masked likewise, see `_shown.py`.

use std::fmt::{Debug, Formatter, Result};

use super::row::ValueKind;
use super::value::Value;
use crate::text::redact::{HIDDEN, redacted};

/// Request headers by their names: the values of some are tokens, and it is not known of which.
struct Names<'a>(&'a [(String, String)]);

impl Debug for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, HIDDEN))).finish()
    }
}

/// A URL without user and password.
fn text(url: &str) -> String {
    String::from_utf8_lossy(&redacted(url.as_bytes())).into_owned()
}

/// An option's value as it may be shown. A kind that may hold secrets must be thought of here.
pub(super) struct Shown {
    kind: Option<ValueKind>,
    value: Value,
}

impl Shown {
    pub(super) fn new(kind: Option<ValueKind>, value: Value) -> Self {
        Self { kind, value }
    }
}

impl Debug for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let kind = match self.kind {
            Some(ValueKind::OrNone(kind)) => Some(*kind),
            kind => kind,
        };
        match (&self.value, kind) {
            (Value::Nothing, _) => f.write_str("None"),
            (Value::Pairs(pairs), _) => Names(pairs).fmt(f),
            (_, Some(ValueKind::Auth)) => f.write_str(HIDDEN),
            (Value::Text(url), Some(ValueKind::Proxy)) => text(url).fmt(f),
            (Value::Text(text), _) => text.fmt(f),
            (Value::Switch(switch), _) => switch.fmt(f),
            (Value::Integer(integer), _) => integer.fmt(f),
            (Value::Number(number), _) => number.fmt(f),
            (Value::Texts(texts), _) => texts.fmt(f),
            (Value::Path(path), _) => path.fmt(f),
            (Value::Paths(paths), _) => paths.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::options::{Auth, HttpOptions};

    #[test]
    fn options_that_are_logged_show_no_credentials() {
        let secret = "S3cr3tW0rd";
        let options = HttpOptions {
            headers: vec![("Cookie".to_owned(), secret.to_owned())],
            proxy: Some(format!("socks5://me:{secret}@proxy")),
            ..HttpOptions::default()
        };
        let text = format!("{options:?}");
        assert!(!text.contains(secret), "{text}");
        assert!(text.contains("Cookie") && text.contains("socks5://***@proxy"), "{text}");
        for auth in [Auth::Bearer(secret.into()), Auth::Password(secret.into(), secret.into())] {
            let text = format!("{auth:?}");
            assert!(!text.contains(secret), "{text}");
            let text = format!("{:?}", HttpOptions { auth: Some(auth), ..HttpOptions::default() });
            assert!(!text.contains(secret) && text.contains("auth: ***"), "{text}");
        }
    }
}
