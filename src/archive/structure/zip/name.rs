//! Which of the names that an entry of a zip has are one name: APPNOTE.TXT, sections 4.4.17 and 4.6.9, and
//! appendix D.

use flate2::Crc;

use super::fields::{extras, number};

/// The extra field with the name in UTF-8.
pub(super) const UNICODE_PATH: u16 = 0x7075;

/// The name in UTF-8 that the extra `fields` of an entry have beside the one in the header or record, which is
/// `raw` and `is_utf8` or of an unknown encoding. `None`: there is none that counts.
///
/// # Errors
/// When the two are not the same name: readers that go by the one see something else than those that go by the
/// other.
pub(super) fn unicode<'f>(
    fields: &'f [u8],
    raw: &[u8],
    is_utf8: bool,
) -> Result<Option<&'f [u8]>, &'static str> {
    let field = extras(fields).flatten().find(|&(kind, _)| kind == UNICODE_PATH);
    let Some(([1, checksum @ ..], name)) =
        field.and_then(|(_, value)| value.split_first_chunk::<5>())
    else {
        return Ok(None);
    };
    if !is_one_name(raw, name, is_utf8) {
        return Err("it has two names");
    }
    // One that was made for another name is out of date.
    let mut computed = Crc::new();
    computed.update(raw);
    Ok((computed.sum() == number(checksum, 0)).then_some(name))
}

/// Can `raw`, which `is_utf8` or of an unknown encoding, be what is `unicode` in UTF-8? An encoding leaves ASCII
/// as it is, up to the first byte that is none and behind the last one (and the one byte after it, which
/// may belong to it). What an encoding does not have is written as `_`, `?`, or `#U` or `%U` with
/// digits. Writers on Windows leave backslashes in the one in UTF-8.
fn is_one_name(raw: &[u8], unicode: &[u8], is_utf8: bool) -> bool {
    if raw == unicode {
        return true;
    }
    let unicode = &with_slashes(unicode)[..];
    let is_lost = |byte: &u8| !byte.is_ascii() || matches!(byte, b'_' | b'?' | b'#' | b'%');
    let (Some(first), Some(last)) = (raw.iter().position(is_lost), raw.iter().rposition(is_lost))
    else {
        return false;
    };
    // How many bytes may belong to what is lost, from the last byte on that shows it.
    let length = match raw[last] {
        b'_' | b'?' => 1,
        b'#' | b'%' if raw.get(last + 1) == Some(&b'U') => 6,
        b'#' | b'%' if raw.get(last + 1) == Some(&b'L') => 8,
        b'#' | b'%' => return false,
        // Together with a slash it would be a name in two parts, and in UTF-8 in one.
        _ if raw.get(last + 1) == Some(&b'/') => 1,
        _ => 2,
    };
    let slashes = |name: &[u8]| name.split(|&byte| byte == b'/').count();
    let behind = raw.get(last + length..).unwrap_or_default();
    !is_utf8
        && !unicode.is_ascii()
        && std::str::from_utf8(unicode).is_ok()
        && unicode.starts_with(&raw[..first])
        && unicode.ends_with(behind)
        && slashes(raw) == slashes(unicode)
}

/// The name with slashes for the backslashes of DOS.
pub(super) fn with_slashes(name: &[u8]) -> Vec<u8> {
    name.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(raw: &[u8], unicode: &[u8]) -> Vec<u8> {
        let mut checksum = Crc::new();
        checksum.update(raw);
        let length = u16::try_from(5 + unicode.len()).expect("short");
        [
            &UNICODE_PATH.to_le_bytes()[..],
            &length.to_le_bytes(),
            &[1],
            &checksum.sum().to_le_bytes(),
            unicode,
        ]
        .concat()
    }

    #[test]
    fn an_encoding_and_utf_8_are_one_name() {
        for (raw, name) in [
            (&b"plain.txt"[..], "plain.txt"),
            (b"d/\x8f\xe0\xa8.txt", "d/\u{43f}\u{440}\u{438}.txt"),
            (b"\x93\xfa\x96\x7b.txt", "\u{65e5}\u{672c}.txt"),
            (b"\x83\x5c.txt", "\u{30bd}.txt"),
            (b"d/__.txt", "d/\u{65e5}\u{672c}.txt"),
            (b"d/??.txt", "d/\u{65e5}\u{672c}.txt"),
            (b"\x84/", "\u{e4}\\"),
            (b"\x84/\xfczip.zip", "\u{e4}\\\u{b3}zip.zip"),
            (b"%U00D6lf.txt", "\u{d6}lf.txt"),
            (b"d/#U65e5#U672c.txt", "d/\u{65e5}\u{672c}.txt"),
        ] {
            let fields = field(raw, name.as_bytes());
            assert_eq!(unicode(&fields, raw, false), Ok(Some(name.as_bytes())), "{name}");
        }
    }

    #[test]
    fn two_names_are_an_error() {
        for (raw, name) in [
            (&b"a"[..], "b"),
            (b"a.txt", "a.exe"),
            (b"\x84.txt", "\u{e4}.exe"),
            (b"d/\x84.txt", "e/\u{e4}.txt"),
            (b"d\x84.txt", "d/\u{e4}.txt"),
            (b"a_b", "ab"),
            (b"__", "rm"),
        ] {
            let fields = field(raw, name.as_bytes());
            assert_eq!(unicode(&fields, raw, false), Err("it has two names"), "{name}");
        }
        let fields = field("\u{e4}".as_bytes(), "\u{f6}".as_bytes());
        assert!(unicode(&fields, "\u{e4}".as_bytes(), true).is_err());
    }

    #[test]
    fn one_that_is_out_of_date_does_not_count() {
        let mut fields = field(b"\x84", "\u{e4}".as_bytes());
        fields[5] ^= 1;
        assert_eq!(unicode(&fields, b"\x84", false), Ok(None));
        fields[4] = 2;
        assert_eq!(unicode(&fields, b"\x84", false), Ok(None));
    }
}
