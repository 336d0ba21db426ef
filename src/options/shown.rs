//! How settings are printed for debugging: without passwords and tokens.
//!
//! Whoever logs a source or its options with `{:?}` should not find credentials in the log. What
//! Python shows of them is masked likewise, see `py/config.rs`.

use std::fmt::{Debug, Formatter, Result};

use super::{HttpOptions, HttpOverrides};
use crate::text::redact::{HIDDEN, redacted};

/// Request headers by their names: the values of some are tokens, and nobody knows of which.
struct Names<'a>(&'a [(String, String)]);

impl Debug for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name, HIDDEN))).finish()
    }
}

/// A proxy's URL without user and password.
fn shown(proxy: Option<&String>) -> Option<String> {
    proxy.map(|url| text(url))
}

fn text(url: &str) -> String {
    String::from_utf8_lossy(&redacted(url.as_bytes())).into_owned()
}

// These take their structs apart as a whole, so that a new field must be thought of.

impl Debug for HttpOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self {
            headers,
            timeout,
            follow_redirects,
            verify_ssl,
            proxy,
            allow_private_redirects,
            block_private,
            environment: _, // proxies may have passwords
            decode_content,
        } = self;
        f.debug_struct("HttpOptions")
            .field("headers", &Names(headers))
            .field("timeout", timeout)
            .field("follow_redirects", follow_redirects)
            .field("verify_ssl", verify_ssl)
            .field("proxy", &shown(proxy.as_ref()))
            .field("allow_private_redirects", allow_private_redirects)
            .field("block_private", block_private)
            .field("decode_content", decode_content)
            .finish()
    }
}

impl Debug for HttpOverrides {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { headers, timeout, follow_redirects, verify_ssl, proxy } = self;
        f.debug_struct("HttpOverrides")
            .field("headers", &headers.as_deref().map(Names))
            .field("timeout", timeout)
            .field("follow_redirects", follow_redirects)
            .field("verify_ssl", verify_ssl)
            .field("proxy", &shown(proxy.as_ref()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
