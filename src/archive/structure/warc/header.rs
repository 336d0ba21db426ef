//! The header of one record of a WARC file.

use super::super::Broken;

/// What becomes of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// libarchive shows it as a file of this name.
    File(Vec<u8>),
    /// It describes the archive itself.
    Info,
    /// libarchive passes over it.
    Hidden,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) record: Record,
    /// How many bytes of content come behind it.
    pub(super) size: u64,
}

impl Header {
    /// Reads a header, with the empty line at its end.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        if !bytes.starts_with(b"WARC/") {
            return Broken::because("has no header where the next record begins: damaged");
        }
        if bytes.contains(&0) {
            return Broken::because("has a record whose header contains a NUL byte: damaged");
        }
        let size = std::str::from_utf8(one(bytes, b"Content-Length")?.unwrap_or_default())
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| Broken("has a record without a length: damaged".to_owned()))?;
        let kind = one(bytes, b"WARC-Type")?;
        let target = one(bytes, b"WARC-Target-URI")?;
        let record = match (kind, target.and_then(shown_name)) {
            (Some(b"resource" | b"response"), Some(name)) => Record::File(name.to_vec()),
            (Some(b"warcinfo"), _) => Record::Info,
            _ => Record::Hidden,
        };
        Ok(Self { record, size })
    }
}

/// The value of a field that may be there once. Names of fields are of any case, but libarchive knows
/// only this one.
fn one<'b>(header: &'b [u8], name: &[u8]) -> Result<Option<&'b [u8]>, Broken> {
    let mut found = None;
    for line in lines(header) {
        let (Some(start), Some(b':')) = (line.get(..name.len()), line.get(name.len())) else {
            continue;
        };
        if start.eq_ignore_ascii_case(name) {
            if start != name || found.is_some() {
                return Broken::because("has a record whose header can be read in two ways");
            }
            found = Some(line[name.len() + 1..].trim_ascii_start());
        }
    }
    Ok(found)
}

fn lines(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header;
    std::iter::from_fn(move || {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        Some(line)
    })
}

/// What libarchive calls the content of an address: a path, without the host. `None` where it shows
/// nothing.
fn shown_name(target: &[u8]) -> Option<&[u8]> {
    let mark = target.windows(3).position(|three| three == b"://")?;
    let path = &target[mark + 3..];
    let name = if target.starts_with(b"file") {
        path
    } else if target.starts_with(b"http") || target.starts_with(b"ftp") {
        &path[path.iter().position(|&byte| byte == b'/')? + 1..]
    } else {
        return None;
    };
    let is_shown = mark >= 3
        && !name.is_empty()
        && !name.ends_with(b"/")
        && !target.iter().any(|&byte| byte.is_ascii_whitespace() || byte == 0x0b);
    is_shown.then_some(name)
}
