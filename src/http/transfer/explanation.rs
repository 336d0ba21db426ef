//! What the body of a refusal says, for a message: its first line, without markup and without secrets.

use crate::http::request::Request;
use crate::options::Auth;
use crate::text::legible::Piece;
use crate::text::redact::HIDDEN;

/// Bytes of the body that are looked at: what matters is at its beginning.
pub(super) const MAX_BODY: usize = 4 << 10;

/// Shorter secrets are in many words.
const TELLING: usize = 4;

/// The first line that says more than `status` does.
pub(super) fn of(body: &[u8], status: &str, request: &Request) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    // The XML of storages names keys and what was signed, too.
    let text = element(&text, "Message").unwrap_or(&text);
    let line = text.lines().map(without_tags).find(|line| {
        let line = line.trim();
        !line.is_empty() && line != status && !line.chars().all(char::is_control)
    })?;
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Piece(without_secrets(line, request).as_bytes()).to_string())
}

fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split('<').next()
}

fn without_tags(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some((before, tag)) = rest.split_once('<') {
        shown.push_str(before);
        shown.push(' ');
        rest = tag.split_once('>').map_or("", |(_, behind)| behind);
    }
    shown.push_str(rest);
    shown
}

/// A server may say again what it was sent.
fn without_secrets(mut line: String, request: &Request) -> String {
    let values = request.options.headers.iter().map(|(_, value)| value.as_str());
    let parts = match &request.auth {
        Some(Auth::Password(user, password)) => vec![password.as_str(), user],
        Some(Auth::Bearer(token)) => vec![token.as_str()],
        None => Vec::new(),
    };
    let mut secrets: Vec<_> = values.flat_map(str::split_whitespace).chain(parts).collect();
    // One may be a part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets.into_iter().filter(|secret| secret.len() >= TELLING) {
        line = line.replace(secret, HIDDEN);
    }
    line
}
