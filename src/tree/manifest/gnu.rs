//! `digest  name`: what sha256sum and its like write, b3sum, Debian's md5sums, and `BagIt`.
//!
//! Behind the digest stand a space, and another one or `*` for what was read as binary. A line that begins with a
//! backslash has a name with `\\`, `\n` and `\r` in it.

use super::algorithm::Algorithm;
use super::parsed::{Parsed, Push, unhex};
use super::table::ListedDigest;

/// Reads such lines.
pub(super) struct Spaced {
    /// The algorithm that the manifest's own name says.
    pub(super) named: Option<Algorithm>,
    /// Are names percent-encoded?
    pub(super) is_bagit: bool,
}

/// How many of these bytes, from the first on, are hexadecimal digits?
fn digits(line: &[u8]) -> usize {
    line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// Does a line begin with a digest?
pub(super) fn is_spaced(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\\").unwrap_or(line);
    let count = digits(line);
    count >= 32 && matches!(line.get(count), Some(b' ' | b'\t'))
}

impl Spaced {
    pub(super) fn line(&self, line: &[u8], push: Push<'_>) -> Parsed {
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let escaped = line.strip_prefix(b"\\").filter(|_| !self.is_bagit);
        let line = escaped.unwrap_or(line);
        let count = digits(line);
        let (digest, rest) = line.split_at(count);
        let bytes = unhex(digest).ok_or("has an odd number of digits")?;
        let Some(rest) = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t")) else {
            return Err("has no digest, a space and a name");
        };
        let name = if self.is_bagit {
            let start = rest.iter().position(|byte| !b" \t".contains(byte)).unwrap_or(rest.len());
            rest[start..].strip_prefix(b"*").unwrap_or(&rest[start..])
        } else {
            // With one space only, it is what BSD's `md5 -r` writes.
            rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"*")).unwrap_or(rest)
        };
        if name.is_empty() {
            return Err("has no name");
        }
        if name.contains(&0) {
            return Err("has a NUL byte");
        }
        let usual = Algorithm::of_length(bytes.len()).ok_or("has a digest of no known length")?;
        let named = self.named.filter(|it| {
            it.length() == bytes.len()
                || *it == Algorithm::Blake2b && (1..=64).contains(&bytes.len())
        });
        let digest = ListedDigest {
            algorithm: named.unwrap_or(usual),
            bytes: &bytes,
            is_guessed: named.is_none() && usual.alternative().is_some(),
        };
        let name = match (escaped.is_some(), self.is_bagit) {
            (true, _) => unescaped(name)?,
            (false, true) => percent_decoded(name),
            (false, false) => name.to_vec(),
        };
        push(&name, None, &[digest]);
        Ok(())
    }
}

/// A name, of which a line with a backslash in front has the escaped form.
pub(super) fn unescaped(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (mut plain, mut rest) = (Vec::with_capacity(name.len()), name.iter());
    while let Some(&byte) = rest.next() {
        plain.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            _ => match rest.next() {
                Some(b'\\') => b'\\',
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                _ => return Err("has a backslash that escapes nothing"),
            },
        });
    }
    Ok(plain)
}

/// A name with what `BagIt` encodes decoded: the ends of lines, and the percent sign. (RFC 8493, section 2.1.3)
fn percent_decoded(name: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(name.len()), name);
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = (byte == b'%').then(|| after.get(..2)).flatten();
        let decoded = match encoded.map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"0A") => Some(b'\n'),
            Some(b"0D") => Some(b'\r'),
            Some(b"25") => Some(b'%'),
            _ => None,
        };
        plain.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    plain
}
