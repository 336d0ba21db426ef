//! A wheel's RECORD: `path,sha256=digest,size`, as CSV, the digest in URL-safe base64 without padding.
//!
//! What has no digest there has two empty fields: RECORD itself, and what was compiled on installation.
//! (The specification of recorded projects, packaging.python.org)

use super::algorithm::Algorithm;
use super::parsed::{Parsed, Push};
use super::table::ListedDigest;

/// Reads such lines.
#[derive(Default)]
pub(super) struct Fields {
    /// A quoted field may have ends of lines in it: what has been read of such a row.
    open: Vec<u8>,
}

/// May a line be the first one of a RECORD?
pub(super) fn has_three_fields(line: &[u8]) -> bool {
    let has_digest = |digest: &[u8]| {
        digest.is_empty()
            || memchr::memchr(b'=', digest)
                .is_some_and(|at| Algorithm::named(&digest[..at]).is_some())
    };
    split(line).is_some_and(|fields| {
        matches!(&fields[..], [_, digest, size] if has_digest(digest) && size.iter().all(u8::is_ascii_digit))
    })
}

impl Fields {
    /// Does it lack the end of a quoted field?
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn line(&mut self, line: &[u8], push: Push<'_>) -> Parsed {
        if self.open.is_empty() {
            if line.is_empty() {
                return Ok(());
            }
        } else {
            self.open.push(b'\n');
        }
        self.open.extend_from_slice(line);
        if self.open.len() > super::lines::LONGEST {
            return Err("has a quoted field that does not end");
        }
        if memchr::memchr_iter(b'"', &self.open).count() % 2 == 1 {
            return Ok(());
        }
        let row = std::mem::take(&mut self.open);
        let fields = split(&row).ok_or("has a quote amid a field")?;
        let [name, digest, size] = &fields[..] else {
            return Err("does not have three fields");
        };
        if name.is_empty() {
            return Err("has no name");
        }
        let size = match std::str::from_utf8(size).ok().filter(|size| !size.is_empty()) {
            None if size.is_empty() => None,
            size => Some(size.and_then(|size| size.parse().ok()).ok_or("has a size that is none")?),
        };
        if digest.is_empty() {
            push(name, size, &[]);
            return Ok(());
        }
        let equals = memchr::memchr(b'=', digest).ok_or("has a digest without its algorithm")?;
        let bytes = decoded(&digest[equals + 1..]).ok_or("has a digest that is not base64")?;
        let Some(algorithm) = Algorithm::named(&digest[..equals]) else {
            push(name, size, &[]);
            return Ok(());
        };
        if bytes.len() != algorithm.length() {
            return Err("has a digest of another length than its algorithm's");
        }
        push(name, size, &[ListedDigest { algorithm, bytes: &bytes, is_guessed: false }]);
        Ok(())
    }
}

/// The fields of a row of CSV.
fn split(row: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut fields, mut rest) = (Vec::new(), row);
    loop {
        let mut field = Vec::new();
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            rest = quoted;
            loop {
                let quote = memchr::memchr(b'"', rest)?;
                field.extend_from_slice(&rest[..quote]);
                rest = &rest[quote + 1..];
                // Two stand for one.
                let Some(after) = rest.strip_prefix(b"\"") else { break };
                field.push(b'"');
                rest = after;
            }
            if !rest.is_empty() && !rest.starts_with(b",") {
                return None;
            }
        } else {
            let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
            field.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        fields.push(field);
        match rest.strip_prefix(b",") {
            Some(after) => rest = after,
            None => return Some(fields),
        }
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes of URL-safe base64, with or without padding.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(end));
    for letter in &text[..end] {
        let value = LETTERS.iter().position(|it| it == letter)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    // Bits that are left over are none of a byte.
    (count < 6 && bits & ((1 << count) - 1) == 0).then_some(bytes)
}

/// The URL-safe base64 of bytes, without padding.
pub(super) fn encoded(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 4 / 3 + 2);
    for part in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..part.len()].copy_from_slice(part);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for index in 0..=part.len() {
            text.push(LETTERS[(bits >> (18 - 6 * index) & 63) as usize]);
        }
    }
    text
}

/// A field as a row has it.
pub(super) fn quoted(field: &[u8]) -> Vec<u8> {
    if !field.iter().any(|byte| b",\"\r\n".contains(byte)) {
        return field.to_vec();
    }
    let mut text = vec![b'"'];
    for &byte in field {
        if byte == b'"' {
            text.push(byte);
        }
        text.push(byte);
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_it_is_written() {
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|byte: u8| byte.wrapping_mul(37)).collect();
            assert_eq!(decoded(&encoded(&bytes)).as_deref(), Some(&bytes[..]), "{length}");
        }
        assert_eq!(encoded(b"\xfb\xff"), b"-_8");
        assert_eq!(decoded(b"-_8="), Some(b"\xfb\xff".to_vec()));
        for wrong in [&b"a"[..], b"a+bc", b"-_9", b"ab c"] {
            assert_eq!(decoded(wrong), None);
        }
    }

    #[test]
    fn fields_are_split_as_they_are_quoted() {
        for name in [&b"a"[..], b"a,b", b"a\"b", b"\"", b"a\nb", b""] {
            let row = [&quoted(name)[..], b",x,"].concat();
            assert_eq!(split(&row), Some(vec![name.to_vec(), b"x".to_vec(), vec![]]));
        }
        assert_eq!(split(b"\"a\"b,c"), None);
    }
}
