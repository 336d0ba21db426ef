//! The head of a response: its status, and the headers that a comparison goes by.

mod challenge;
pub(crate) mod validator;

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::sys::curl::date;
use crate::text::legible::Piece;

/// Schemes of authentication that are kept: more than any server has.
const MAX_SCHEMES: usize = 8;

/// What is kept of a response's head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    reason: Vec<u8>,
    content_length: Option<u64>,
    /// The content codings in the order in which they were applied, in lower case. Where there are
    /// any, the body's bytes are not the content's: their number says nothing of the content's size.
    pub(crate) codings: Vec<Vec<u8>>,
    /// There is a `Transfer-Encoding`: a length says nothing then.
    transferred: bool,
    chunked: bool,
    /// Of a version that has frames, whose last one ends the body: HTTP/2 and later.
    framed: bool,
    /// The server closes the connection behind it.
    closes: bool,
    accepts_ranges: bool,
    etag: Option<Vec<u8>>,
    pub(crate) location: Option<Vec<u8>>,
    content_range: Option<ContentRange>,
    /// The schemes of authentication that are asked for, by the server or by the proxy.
    schemes: Vec<Vec<u8>>,
    /// When the content was changed, as the server writes it.
    last_modified: Option<Vec<u8>>,
    /// When the server sent it.
    date: Option<i64>,
    retry_after: Option<Vec<u8>>,
    /// Does it set cookies?
    pub(crate) sets_cookies: bool,
}

/// Which part of the content it is: the first and last byte, and the size of the whole if known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    last: u64,
    whole: Option<u64>,
}

/// Is the head complete after a line?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeadProgress {
    /// There are more lines.
    More,
    /// That was the last one.
    Complete,
}

impl Head {
    /// Takes the next line. A status line begins anew: what came before was an interim response.
    ///
    /// # Errors
    /// With the cause, when the head contradicts itself.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<HeadProgress, String> {
        let line = line.trim_ascii();
        if line.is_empty() {
            // 101 is the last one: what follows it is no HTTP any more.
            let interim = (100..200).contains(&self.status) && self.status != 101;
            return Ok(if interim { HeadProgress::More } else { HeadProgress::Complete });
        }
        if line.starts_with(b"HTTP/") {
            let mut parts = line.splitn(3, |&byte| byte == b' ').skip(1);
            let status =
                parts.next().and_then(number).and_then(|status| u16::try_from(status).ok());
            let reason = parts.next().unwrap_or_default();
            let reason = reason[..reason.len().min(60)].to_owned();
            let framed = !line.starts_with(b"HTTP/1");
            let (status, closes) = (status.unwrap_or_default(), line.starts_with(b"HTTP/1.0"));
            *self = Self { status, reason, framed, closes, ..Self::default() };
            return Ok(HeadProgress::More);
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return Ok(HeadProgress::More);
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => {
                let length = number(value).ok_or("sent a Content-Length that is no number")?;
                if self.content_length.is_some_and(|before| before != length) {
                    return Err("sent two different Content-Lengths".to_owned());
                }
                self.content_length = Some(length);
            }
            b"content-encoding" => {
                self.codings.extend(tokens(value).filter(|name| name != b"identity"));
            }
            b"transfer-encoding" => {
                self.transferred = true;
                self.chunked |= tokens(value).any(|name| name == b"chunked");
                // Only chunked may come: it cannot be declined, and no other was asked for. libcurl would
                // undo some, and not report one that has no end.
                let known = |name: &Vec<u8>| name == b"chunked" || name == b"identity";
                if let Some(name) = tokens(value).find(|name| !known(name)) {
                    let name = Piece(&name[..name.len().min(60)]);
                    return Err(format!(
                        "sent the transfer coding '{name}', which was not asked for"
                    ));
                }
            }
            b"connection" => {
                let says = |option: &[u8]| tokens(value).any(|token| token == option);
                self.closes = says(b"close") || (self.closes && !says(b"keep-alive"));
            }
            b"accept-ranges" => self.accepts_ranges = value.eq_ignore_ascii_case(b"bytes"),
            b"etag" => self.etag = Some(value.to_owned()),
            // An empty one leads nowhere.
            b"location" => self.location = Some(value.to_owned()).filter(|to| !to.is_empty()),
            b"content-range" => self.content_range = content_range(value),
            b"www-authenticate" | b"proxy-authenticate" => {
                for scheme in challenge::schemes(value) {
                    if self.schemes.len() < MAX_SCHEMES && !self.schemes.contains(&scheme) {
                        self.schemes.push(scheme);
                    }
                }
            }
            b"set-cookie" => self.sets_cookies = true,
            b"last-modified" => self.last_modified = Some(value.to_owned()),
            b"date" => self.date = date(value),
            b"retry-after" => self.retry_after = Some(value.to_owned()),
            _ => {}
        }
        Ok(HeadProgress::More)
    }

    /// The content's size, where the server gave one that counts.
    pub(crate) fn size(&self) -> Option<u64> {
        self.length().filter(|_| self.codings.is_empty())
    }

    /// The number of the body's bytes, where the server gave one that counts.
    pub(crate) fn length(&self) -> Option<u64> {
        self.content_length.filter(|_| !self.transferred)
    }

    /// Does only the end of the connection end the body? (204 has no body.)
    pub(crate) fn ends_with_connection(&self) -> bool {
        self.content_length.is_none() && !self.chunked && !self.framed && self.status != 204
    }

    /// Does only the end of a stream end the body? Of HTTP/2 and later, see [`Attempt`](super::transfer::Attempt).
    pub(crate) fn ends_with_stream(&self) -> bool {
        self.framed && self.length().is_none() && self.status != 204
    }

    /// Can its connection be used again, once its body has ended?
    pub(crate) fn keeps_connection(&self) -> bool {
        !self.closes && !self.ends_with_connection()
    }

    /// Can parts of the content be asked for?
    pub(crate) fn has_ranges(&self) -> bool {
        self.accepts_ranges && self.size().is_some()
    }

    /// How long the server wants to be left alone: a number of seconds, or a date, which is held against the
    /// server's own clock where it shows it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let text = self.retry_after.as_deref()?;
        if let Some(seconds) = number(text) {
            return Some(Duration::from_secs(seconds));
        }
        let now = || {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        };
        let wait = date(text)?.saturating_sub(self.date.or_else(now)?);
        Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
    }

    /// Does it ask for this scheme of authentication?
    pub(crate) fn asks_for(&self, scheme: &str) -> bool {
        self.schemes.iter().any(|asked| asked.eq_ignore_ascii_case(scheme.as_bytes()))
    }

    /// The schemes of authentication that it asks for, as words: `Basic or Digest`.
    pub(crate) fn schemes(&self) -> Option<String> {
        let words: Vec<_> = self.schemes.iter().map(|name| Piece(name).to_string()).collect();
        match words.split_last()? {
            (last, []) => Some(last.clone()),
            (last, others) => Some(format!("{} or {last}", others.join(", "))),
        }
    }

    /// Does the response lead elsewhere?
    pub(crate) fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308) && self.location.is_some()
    }

    /// May this be of the same content as `other`, by what both say? Compared weakly (RFC 9110, section
    /// 8.8.3.2): servers behind one name may not agree on whether a tag is a strong one.
    pub(crate) fn may_be_of(&self, other: &Self) -> bool {
        let tag = |head: &Self| {
            let tag = head.etag.as_deref();
            tag.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag).to_owned())
        };
        tag(self).zip(tag(other)).is_none_or(|(one, two)| one == two)
    }

    /// Is this the rest of the content, from `offset` on, up to `end` or to an end that is not known?
    pub(crate) fn is_rest(&self, offset: u64, end: Option<u64>, whole: Option<u64>) -> bool {
        self.content_range.is_some_and(|range| {
            let next = range.last.checked_add(1);
            let is_whole = whole.is_none() || range.whole.is_none() || range.whole == whole;
            let is_end = match end.or(whole).or(range.whole) {
                Some(end) => next == Some(end),
                None => false,
            };
            range.first == offset && offset <= range.last && is_end && is_whole
        })
    }

    /// Is this the head of the same content as `other`, by what both say? Nothing of either has been read.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.size() == other.size() && self.codings == other.codings && self.may_be_of(other)
    }

    /// The `ETag`, as it was sent.
    pub(crate) fn etag(&self) -> Option<&[u8]> {
        self.etag.as_deref()
    }

    /// Is this a part of `whole` bytes: `length` of them from `offset` on, as asked for?
    pub(crate) fn is_part(&self, offset: u64, length: u64, whole: u64) -> bool {
        self.content_range.is_some_and(|range| {
            range.first == offset
                && Some(range.last) == offset.checked_add(length - 1)
                && range.whole.is_none_or(|size| size == whole)
        })
    }
}

/// The status with the server's reason: `404 Not Found`.
impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.status)?;
        if !self.reason.is_empty() {
            write!(out, " {}", Piece(&self.reason))?;
        }
        Ok(())
    }
}

/// The elements of a list, in lower case. Empty ones mean nothing (RFC 9110, section 5.6.1).
fn tokens(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let token = |part: &[u8]| part.trim_ascii().to_ascii_lowercase();
    value.split(|&byte| byte == b',').map(token).filter(|token| !token.is_empty())
}

/// A number of digits and nothing else.
fn number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

/// `bytes 0-99/1000`, where the size may be `*`.
fn content_range(value: &[u8]) -> Option<ContentRange> {
    let text = std::str::from_utf8(value).ok()?;
    let (unit, rest) = text.split_once(' ')?;
    let (range, whole) = rest.trim().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let whole = if whole == "*" { None } else { Some(number(whole.as_bytes())?) };
    let range =
        ContentRange { first: number(first.as_bytes())?, last: number(last.as_bytes())?, whole };
    unit.eq_ignore_ascii_case("bytes").then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Head {
        let mut head = Head::default();
        for line in lines {
            assert_eq!(head.line(format!("{line}\r\n").as_bytes()), Ok(HeadProgress::More));
        }
        assert_eq!(head.line(b"\r\n"), Ok(HeadProgress::Complete));
        head
    }

    #[test]
    fn a_plain_response_has_its_size_and_ranges() {
        let head =
            head(&["HTTP/1.1 200 OK", "content-LENGTH: 12", "ETag: \"x\"", "Accept-Ranges: bytes"]);
        assert_eq!((head.status, head.size(), head.has_ranges()), (200, Some(12), true));
        assert_eq!(head.to_string(), "200 OK");
    }

    #[test]
    fn a_connection_is_kept_unless_the_head_says_that_it_closes() {
        let keeps = |status: &str, lines: &[&str]| {
            let lines: Vec<_> =
                [status, "Content-Length: 1"].iter().chain(lines).copied().collect();
            head(&lines).keeps_connection()
        };
        assert!(keeps("HTTP/1.1 200 OK", &[]));
        assert!(keeps("HTTP/2 200", &[]));
        assert!(!keeps("HTTP/1.1 200 OK", &["Connection: Close"]));
        assert!(!keeps("HTTP/1.1 200 OK", &["Connection: keep-alive, close"]));
        assert!(!keeps("HTTP/1.0 200 OK", &[]));
        assert!(keeps("HTTP/1.0 200 OK", &["Connection: Keep-Alive"]));
        assert!(!head(&["HTTP/1.1 200 OK"]).keeps_connection());
    }

    #[test]
    fn an_interim_response_is_skipped() {
        let mut head = Head::default();
        for line in [&b"HTTP/1.1 103 Early Hints\r\n"[..], b"Content-Length: 1\r\n", b"\r\n"] {
            assert_eq!(head.line(line), Ok(HeadProgress::More));
        }
        assert_eq!(head.line(b"HTTP/2 204 \r\n"), Ok(HeadProgress::More));
        assert_eq!(head.line(b"\r\n"), Ok(HeadProgress::Complete));
        assert_eq!((head.status, head.size()), (204, None));
        assert_eq!(head.to_string(), "204");
    }

    #[test]
    fn the_length_of_a_coded_or_chunked_body_is_not_the_contents_size() {
        for line in ["Content-Encoding: gzip", "Transfer-Encoding: chunked"] {
            let head =
                head(&["HTTP/1.1 200 OK", "Content-Length: 5", "Accept-Ranges: bytes", line]);
            assert_eq!((head.size(), head.has_ranges()), (None, false), "{line}");
        }
        let coded = head(&["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Encoding: gzip"]);
        assert_eq!(coded.length(), Some(5));
        let plain = head(&["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Encoding: identity"]);
        assert_eq!(plain.size(), Some(5));
    }

    #[test]
    fn codings_are_listed_in_the_order_in_which_they_were_applied() {
        let head = head(&[
            "HTTP/1.1 200 OK",
            "Content-Encoding: GZIP,, Identity ,br",
            "Content-Encoding: aws-chunked",
            "Content-Encoding:",
        ]);
        assert_eq!(head.codings, [&b"gzip"[..], b"br", b"aws-chunked"]);
    }

    #[test]
    fn a_transfer_coding_that_was_not_asked_for_is_refused() {
        for (value, refused) in [
            ("chunked", false),
            ("Identity, Chunked", false),
            ("gzip, chunked", true),
            ("deflate", true),
        ] {
            let line = format!("Transfer-Encoding: {value}");
            assert_eq!(Head::default().line(line.as_bytes()).is_err(), refused, "{value}");
        }
    }

    #[test]
    fn lengths_that_contradict_each_other_are_an_error() {
        let mut head = Head::default();
        assert!(head.line(b"Content-Length: 5\r\n").is_ok());
        assert!(head.line(b"Content-Length: 5\r\n").is_ok());
        assert!(head.line(b"Content-Length: 6\r\n").is_err());
        for value in ["-1", "5x", "", "99999999999999999999999"] {
            assert!(Head::default().line(format!("Content-Length: {value}").as_bytes()).is_err());
        }
    }

    #[test]
    fn a_part_must_be_the_one_that_was_asked_for() {
        let part = |value: &str| {
            head(&["HTTP/1.1 206 Partial Content", &format!("Content-Range: {value}")])
                .is_part(10, 5, 100)
        };
        assert!(part("bytes 10-14/100"));
        assert!(part("bytes 10-14/*"));
        for wrong in [
            "bytes 10-15/100",
            "bytes 9-14/100",
            "bytes 10-14/99",
            "bytes 10-14",
            "items 10-14/100",
            "bytes -5-14/100",
            "bytes */100",
            "",
        ] {
            assert!(!part(wrong), "{wrong}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let tagged = |tag: &str| head(&["HTTP/1.1 200 OK", &format!("ETag: {tag}")]);
        assert!(tagged("\"x\"").may_be_of(&tagged("W/\"x\"")));
        assert!(tagged("W/\"x\"").may_be_of(&tagged("W/\"x\"")));
        assert!(!tagged("\"x\"").may_be_of(&tagged("\"y\"")));
        assert!(!tagged("w/\"x\"").may_be_of(&tagged("\"x\"")));
        assert!(tagged("\"x\"").may_be_of(&head(&["HTTP/1.1 200 OK"])));
    }

    #[test]
    fn only_a_body_without_length_or_frames_ends_with_its_connection() {
        let ends = |lines: &[&str]| head(lines).ends_with_connection();
        assert!(ends(&["HTTP/1.1 200 OK"]));
        assert!(ends(&["HTTP/1.0 200 OK", "Transfer-Encoding: identity"]));
        assert!(!ends(&["HTTP/1.1 200 OK", "Content-Length: 3"]));
        assert!(!ends(&["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]));
        assert!(!ends(&["HTTP/1.1 204 No Content"]));
        assert!(!ends(&["HTTP/2 200"]));
    }

    #[test]
    fn a_redirect_needs_a_location() {
        assert!(head(&["HTTP/1.1 302 Found", "Location: /x"]).is_redirect());
        assert!(!head(&["HTTP/1.1 302 Found"]).is_redirect());
        assert!(!head(&["HTTP/1.1 302 Found", "Location: "]).is_redirect());
        assert!(!head(&["HTTP/1.1 304 Not Modified", "Location: /x"]).is_redirect());
    }
}
