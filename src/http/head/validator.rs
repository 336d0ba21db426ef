//! What shows that two answers are of the same bytes: a strong validator, RFC 9110, section 8.8.

use super::Head;
use crate::sys::curl::date;

/// How long before it was sent a content must have been changed for the date of that to be a strong validator, in
/// seconds. RFC 9110, section 8.8.2.2, asks for one, and for more where the clocks of the server may differ; RFC 7232
/// asked for sixty.
const SETTLED: i64 = 60;

/// A strong validator of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Validator {
    Tag(Vec<u8>),
    Date(Vec<u8>),
}

impl Validator {
    /// The header that asks for this very content, or for nothing.
    pub(crate) fn header(&self) -> Option<String> {
        let (name, value) = match self {
            Self::Tag(tag) => ("If-Match", tag),
            Self::Date(date) => ("If-Unmodified-Since", date),
        };
        let text = std::str::from_utf8(value).ok()?;
        text.chars()
            .all(|letter| letter == ' ' || letter.is_ascii_graphic())
            .then(|| format!("{name}: {text}"))
    }

    /// Is an answer of this very content, by what it says itself?
    pub(crate) fn is_of(&self, head: &Head) -> bool {
        match self {
            Self::Tag(tag) => head.etag.as_ref() == Some(tag),
            Self::Date(date) => head.last_modified.as_ref() == Some(date),
        }
    }

    /// Is an answer of another content, by what it says itself?
    pub(crate) fn is_refuted_by(&self, head: &Head) -> bool {
        let differs =
            |value: &Option<Vec<u8>>, own| value.as_ref().is_some_and(|value| value != own);
        match self {
            Self::Tag(tag) => differs(&head.etag, tag),
            Self::Date(date) => differs(&head.last_modified, date),
        }
    }
}

impl Head {
    /// What would show that another answer is of the same bytes, if anything would.
    pub(crate) fn validator(&self) -> Option<Validator> {
        if let Some(tag) = &self.etag {
            // Of a weak one the same goes for the date: the server says that bytes may differ.
            let is_strong = tag.len() >= 2 && tag.starts_with(b"\"") && tag.ends_with(b"\"");
            return is_strong.then(|| Validator::Tag(tag.clone()));
        }
        let modified = self.last_modified.as_ref()?;
        let is_settled = date(modified)?.checked_add(SETTLED)? <= self.date?;
        is_settled.then(|| Validator::Date(modified.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[&str]) -> Head {
        let mut head = Head::default();
        for line in ["HTTP/1.1 200 OK"].iter().chain(lines) {
            head.line(format!("{line}\r\n").as_bytes()).expect("a good line");
        }
        head
    }

    const NOON: &str = "Date: Sun, 06 Nov 1994 12:00:00 GMT";

    #[test]
    fn only_a_strong_tag_or_a_date_long_before_shows_that_bytes_are_the_same() {
        let header = |lines: &[&str]| head(lines).validator().and_then(|it| it.header());
        assert_eq!(header(&["ETag: \"x\""]).as_deref(), Some("If-Match: \"x\""));
        let minute = "Last-Modified: Sun, 06 Nov 1994 11:59:00 GMT";
        let date = Some("If-Unmodified-Since: Sun, 06 Nov 1994 11:59:00 GMT");
        assert_eq!(header(&[minute, NOON]).as_deref(), date);
        // The other forms of dates.
        assert!(header(&["Last-Modified: Sunday, 06-Nov-94 11:00:00 GMT", NOON]).is_some());
        assert!(header(&["Last-Modified: Sun Nov  6 11:00:00 1994", NOON]).is_some());
        for none in [
            &[][..],
            &["ETag: W/\"x\"", minute, NOON],
            &["ETag: x"],
            &["ETag: \""],
            &["ETag: \"\u{e9}\""],
            &[minute],
            &["Last-Modified: Sun, 06 Nov 1994 11:59:01 GMT", NOON],
            &["Last-Modified: Sun, 06 Nov 1994 13:00:00 GMT", NOON],
            &["Last-Modified: soon", NOON],
        ] {
            assert_eq!(header(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_validator_is_held_against_what_an_answer_says_byte_for_byte() {
        let tagged = head(&["ETag: \"x\""]);
        let validator = tagged.validator().expect("a strong one");
        assert!(validator.is_of(&tagged) && !validator.is_refuted_by(&tagged));
        let (weak, none) = (head(&["ETag: W/\"x\""]), head(&[]));
        assert!(!validator.is_of(&weak) && validator.is_refuted_by(&weak));
        assert!(!validator.is_of(&none) && !validator.is_refuted_by(&none));
    }

    #[test]
    fn a_server_says_when_to_come_again_in_seconds_or_as_a_date_of_its_own_clock() {
        let seconds = |lines: &[&str]| head(lines).retry_after().map(|wait| wait.as_secs());
        assert_eq!(seconds(&["Retry-After: 120"]), Some(120));
        assert_eq!(seconds(&["Retry-After: Sun, 06 Nov 1994 12:00:07 GMT", NOON]), Some(7));
        assert_eq!(seconds(&["Retry-After: Sun, 06 Nov 1994 11:00:00 GMT", NOON]), Some(0));
        assert_eq!(seconds(&["Retry-After: Sun, 06 Nov 1994 11:00:00 GMT"]), Some(0));
        for none in ["", "-1", "soon", "1.5"] {
            assert_eq!(seconds(&[&format!("Retry-After: {none}")]), None, "{none}");
        }
    }
}
