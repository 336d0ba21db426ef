//! `SHA256 (name) = digest`: what BSD's tools write, `sha256sum --tag`, `shasum --tag` and OpenSSL.

use super::algorithm::Algorithm;
use super::gnu::unescaped;
use super::parsed::{Parsed, Push, unhex};
use super::table::ListedDigest;

/// Reads such lines.
pub(super) struct Tagged;

/// What stands before the name, the name, and the digits.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let open = memchr::memchr(b'(', line)?;
    let (tag, rest) = (&line[..open], &line[open + 1..]);
    // OpenSSL has no spaces around the parentheses.
    let close = memchr::memmem::rfind(rest, b")")?;
    let digits = rest[close + 1..].strip_prefix(b" ").unwrap_or(&rest[close + 1..]);
    let digits = digits.strip_prefix(b"= ")?;
    let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || b"-/_".contains(byte);
    let tag = tag.strip_suffix(b" ").unwrap_or(tag);
    (!tag.is_empty() && tag.iter().all(is_tag)).then_some((tag, &rest[..close], digits))
}

/// Is it such a line?
pub(super) fn is_tagged(line: &[u8]) -> bool {
    parts(line.strip_prefix(b"\\").unwrap_or(line)).is_some()
}

impl Tagged {
    #[expect(clippy::unused_self, reason = "all formats are read alike")]
    pub(super) fn line(&self, line: &[u8], push: Push<'_>) -> Parsed {
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let escaped = line.strip_prefix(b"\\");
        let (tag, name, digits) =
            parts(escaped.unwrap_or(line)).ok_or("is not 'ALGORITHM (name) = digest'")?;
        if name.contains(&0) {
            return Err("has a NUL byte");
        }
        let bytes = unhex(digits).ok_or("has a digest that is not hexadecimal")?;
        let name = if escaped.is_some() { unescaped(name)? } else { name.to_vec() };
        // BLAKE2b-256 is BLAKE2b with a digest of 256 bits.
        let blake2b = tag.get(..8).filter(|tag| tag.eq_ignore_ascii_case(b"blake2b-"));
        let algorithm = Algorithm::named(tag).or(blake2b.map(|_| Algorithm::Blake2b));
        let Some(algorithm) = algorithm else {
            push(&name, None, &[]);
            return Ok(());
        };
        let is_possible = match algorithm {
            Algorithm::Blake2b => (1..=64).contains(&bytes.len()),
            other => bytes.len() == other.length(),
        };
        if !is_possible {
            return Err("has a digest of another length than its algorithm's");
        }
        push(&name, None, &[ListedDigest { algorithm, bytes: &bytes, is_guessed: false }]);
        Ok(())
    }
}
