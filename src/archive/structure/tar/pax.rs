//! Records of a pax header: POSIX.1-2017, pax, "pax Extended Header", and the manual of GNU tar, "Storing
//! Sparse Files", for the four ways in which its pax headers say where holes are.

use super::decimal::{damaged, decimal};
use super::holes::Holes;
use super::sparse::Map;
use crate::archive::structure::Broken;

/// Records that say how an entry is called, how long its body is, and where it has holes.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    /// Is there the target of a link?
    pub(super) has_link: bool,
    pub(super) size: Option<u64>,
    /// Are names bytes of an unknown encoding?
    pub(super) is_binary: bool,
    /// Holes, whose bytes are left out.
    pub(super) sparse: Option<Sparse>,
    /// Holes, whose bytes are there all the same.
    pub(super) holes: Option<Holes>,
}

/// What records say of a sparse file.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    pub(super) name: Option<Vec<u8>>,
    pub(super) real_size: Option<u64>,
    /// Version 1.0 has the map before the content, and the others have it in the records.
    pub(super) version: [u64; 2],
    pub(super) map: Map,
    /// Of a stretch whose length is still to come.
    offset: Option<u64>,
}

impl Records {
    /// # Errors
    /// When a record is none.
    pub(super) fn read(mut body: &[u8]) -> Result<Self, Broken> {
        let mut records = Self::default();
        while !body.is_empty() {
            let (key, value, rest) = record(body).ok_or_else(damaged)?;
            records.take(key, value)?;
            body = rest;
        }
        Ok(records)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Broken> {
        match key {
            // One without a value takes back what another header said.
            b"path" => self.path = (!value.is_empty()).then(|| value.to_vec()),
            b"linkpath" => self.has_link = !value.is_empty(),
            b"size" => self.size = Some(decimal(value)?),
            b"hdrcharset" => self.is_binary = value == b"BINARY",
            b"SUN.holesdata" => self.holes = Some(Holes::read(value)?),
            b"SCHILY.realsize" => self.sparse().real_size = Some(decimal(value)?),
            _ if key.starts_with(b"GNU.sparse.") => return self.sparse().take(key, value),
            _ => {}
        }
        Ok(())
    }

    fn sparse(&mut self) -> &mut Sparse {
        self.sparse.get_or_insert_default()
    }

    /// What readers do not agree on if it holds for more than one entry: some obey, and some ignore it.
    pub(super) fn is_too_much_for_all(&self) -> bool {
        let has_holes = self.sparse.is_some() || self.holes.is_some();
        self.path.is_some() || self.has_link || self.size.is_some() || has_holes
    }
}

impl Sparse {
    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Broken> {
        match &key[b"GNU.sparse.".len()..] {
            b"name" => self.name = (!value.is_empty()).then(|| value.to_vec()),
            b"size" | b"realsize" => self.real_size = Some(decimal(value)?),
            b"major" => self.version[0] = decimal(value)?,
            b"minor" => self.version[1] = decimal(value)?,
            b"offset" => self.offset = Some(decimal(value)?),
            b"numbytes" => {
                let offset = self.offset.take().ok_or_else(damaged)?;
                self.map.add(offset, decimal(value)?)?;
            }
            b"map" => {
                let mut numbers = value.split(|&byte| byte == b',');
                while let Some(offset) = numbers.next() {
                    let length = numbers.next().ok_or_else(damaged)?;
                    self.map.add(decimal(offset)?, decimal(length)?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Is the map in the body, before the content?
    pub(super) fn has_map_in_body(&self) -> Result<bool, Broken> {
        match self.version {
            [1, 0] => Ok(true),
            [0, _] => Ok(false),
            [major, minor] => {
                Broken::because(format!("has a sparse file of the unknown version {major}.{minor}"))
            }
        }
    }
}

/// The first record: its key, its value, and what follows it. It begins with its whole length in digits and
/// a blank.
fn record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let digits = body.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
    let length = usize::try_from(decimal(&body[..digits]).ok()?).ok()?;
    let record = body.get(..length)?.strip_suffix(b"\n")?;
    let text = record.get(digits..)?.strip_prefix(b" ")?;
    let equals = text.iter().position(|&byte| byte == b'=')?;
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    (!key.is_empty() && !key.contains(&0)).then_some((key, value, &body[length..]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// These records, each with its length.
    pub(in super::super) fn records(records: &[(&str, &str)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (key, value) in records {
            let rest = format!(" {key}={value}\n");
            let length = (1..2000).find(|length| length.to_string().len() + rest.len() == *length);
            body.extend(format!("{}{rest}", length.expect("some length fits")).as_bytes());
        }
        body
    }

    #[test]
    fn records_are_taken_apart() {
        let read = |pairs| Records::read(&records(pairs)).expect("good");
        let all = read(&[("path", "a"), ("size", "7"), ("linkpath", "anywhere"), ("other", "")]);
        assert_eq!((all.path.as_deref(), all.size), (Some(&b"a"[..]), Some(7)));
        assert!(all.has_link && all.sparse.is_none() && all.is_too_much_for_all());
        assert!(!read(&[("comment", "a")]).is_too_much_for_all());
        // A later one counts, and one without a value takes back what came before.
        assert_eq!(read(&[("path", "a"), ("path", "b")]).path.as_deref(), Some(&b"b"[..]));
        assert_eq!(read(&[("path", "a"), ("path", "")]).path, None);
    }

    #[test]
    fn what_is_no_record_is_damage() {
        let bad: [&[u8]; 8] = [
            b"x",
            b"9 path=a",
            b"11 path=a\n",
            b" path=a\n",
            b"5 =a\n",
            b"7 path\n",
            b"0 a=b\n",
            b"99999999999999999999999 a=b\n",
        ];
        for body in bad {
            assert!(Records::read(body).is_err(), "{body:?}");
        }
        for (key, value) in [("size", "-1"), ("size", ""), ("GNU.sparse.map", "0,1,2")] {
            assert!(Records::read(&records(&[(key, value)])).is_err(), "{key}={value}");
        }
    }
}
