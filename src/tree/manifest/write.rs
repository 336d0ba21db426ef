//! Manifests are written, in each format as its own tool writes them.

use std::io::{self, Write};

use super::algorithm::Algorithm;
use super::read::Format;
use super::record;

/// A file that is to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DigestedFile {
    /// Its path.
    pub(crate) path: Vec<u8>,
    /// How many bytes it has, if that is known.
    pub(crate) size: Option<u64>,
    /// Its digest.
    pub(crate) digest: Vec<u8>,
}

/// What a manifest begins with, if it has such lines.
///
/// # Errors
/// Why this format cannot have digests of this algorithm.
pub(crate) fn head(
    format: Format,
    algorithm: Algorithm,
) -> std::result::Result<&'static str, String> {
    match (format, algorithm) {
        // What `importlib.metadata` and pip take: the algorithms that `hashlib` has under this name.
        (Format::Record, Algorithm::Blake3) => {
            Err(format!("a RECORD has no digests of {}", algorithm.name()))
        }
        (Format::Gnu | Format::Bsd | Format::Record, _) => Ok(""),
        (Format::Hashdeep, Algorithm::Md5) => {
            Ok("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n## Written by komparu\n##\n")
        }
        (Format::Hashdeep, Algorithm::Sha1) => {
            Ok("%%%% HASHDEEP-1.0\n%%%% size,sha1,filename\n## Written by komparu\n##\n")
        }
        (Format::Hashdeep, Algorithm::Sha256) => {
            Ok("%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n## Written by komparu\n##\n")
        }
        (Format::Hashdeep, _) => Err(format!("hashdeep has no digests of {}", algorithm.name())),
    }
}

/// Why a file cannot be listed in a format, if it cannot.
pub(crate) fn refused(format: Format, file: &DigestedFile) -> Option<&'static str> {
    let has_line_end = || file.path.iter().any(|byte| b"\r\n".contains(byte));
    match format {
        Format::Hashdeep if has_line_end() => Some("hashdeep has no names with ends of lines"),
        Format::Hashdeep if file.size.is_none() => {
            Some("hashdeep has sizes, and this one is unknown")
        }
        Format::Gnu | Format::Bsd | Format::Hashdeep | Format::Record => None,
    }
}

/// Writes the line of a file.
///
/// # Errors
/// Those of `out`.
pub(crate) fn line(
    out: &mut impl Write,
    format: Format,
    algorithm: Algorithm,
    file: &DigestedFile,
) -> io::Result<()> {
    let DigestedFile { path, size, digest } = file;
    match format {
        Format::Gnu | Format::Bsd => {
            let escaped = escaped(path);
            if escaped.is_some() {
                out.write_all(b"\\")?;
            }
            let name = escaped.as_deref().unwrap_or(path);
            if format == Format::Gnu {
                hexadecimal(out, digest)?;
                out.write_all(b"  ")?;
                out.write_all(name)?;
            } else {
                write!(out, "{} (", algorithm.tag())?;
                out.write_all(name)?;
                out.write_all(b") = ")?;
                hexadecimal(out, digest)?;
            }
        }
        Format::Hashdeep => {
            write!(out, "{},", size.unwrap_or_default())?;
            hexadecimal(out, digest)?;
            out.write_all(b",./")?;
            out.write_all(path)?;
        }
        Format::Record => {
            out.write_all(&record::quoted(path))?;
            write!(out, ",{}=", algorithm.name())?;
            out.write_all(&record::encoded(digest))?;
            out.write_all(b",")?;
            if let Some(size) = size {
                write!(out, "{size}")?;
            }
        }
    }
    out.write_all(b"\n")
}

fn hexadecimal(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// A name as a line with a backslash in front has it; `None` if it needs none.
fn escaped(name: &[u8]) -> Option<Vec<u8>> {
    if !name.iter().any(|byte| b"\\\n\r".contains(byte)) {
        return None;
    }
    let mut escaped = Vec::with_capacity(name.len() + 8);
    for &byte in name {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            byte => escaped.push(byte),
        }
    }
    Some(escaped)
}
