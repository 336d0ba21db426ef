//! What a header and those before it say of an entry: its name, its size, how long its body is.

use super::header::{BLOCK, Dialect, Header, until_nul};
use super::{HeaderKind, Reads, Tar};
use crate::archive::structure::{Broken, LONGEST, Listed, Want};

impl Tar {
    /// A header whose body says more of the entry to come, or of all.
    pub(super) fn more(&mut self, header: &Header<'_>, kind: u8) -> Result<Want, Broken> {
        self.before.count(kind)?;
        if kind != b'L' && kind != b'K' {
            self.dialect = HeaderKind::Pax;
        }
        let size = usize::try_from(header.size()?).unwrap_or(usize::MAX);
        if size > LONGEST {
            return Broken::because("has a header of more than 1 MiB");
        }
        if size == 0 {
            self.before.take(kind, &[])?;
            return self.header_after(0);
        }
        self.reads = Reads::More(kind, size);
        Ok(Want::Bytes { at: self.at, length: size.next_multiple_of(BLOCK) })
    }

    pub(super) fn body_of_more(
        &mut self,
        bytes: &[u8],
        kind: u8,
        size: usize,
    ) -> Result<Want, Broken> {
        let filled = size.next_multiple_of(BLOCK);
        if bytes.len() < filled {
            return Broken::because("is cut short: a header is not all there");
        }
        self.before.take(kind, &bytes[..size])?;
        self.at += filled as u64;
        self.header_after(0)
    }

    pub(super) fn entry(&mut self, header: &Header<'_>) -> Result<Want, Broken> {
        let dialect = header.dialect();
        self.dialect = match (dialect, self.dialect) {
            (Dialect::Ustar, HeaderKind::Pax) => HeaderKind::Pax,
            (Dialect::Ustar, _) => HeaderKind::Ustar,
            _ => HeaderKind::Other,
        };
        let before = std::mem::take(&mut self.before);
        let records = before.records.unwrap_or_default();
        let kind = header.kind();
        let is_link = matches!(kind, b'1' | b'2');
        if !is_link && (records.has_link || before.has_long_link) {
            return Broken::because("has a header that gives an entry a target which is no link");
        }
        if records.has_link && before.has_long_link {
            return Broken::because("has an entry with two headers that say the same of it");
        }
        let in_header = header.size()?;
        let has_body = match kind {
            b'2'..=b'6' => false,
            b'1' => self.dialect != HeaderKind::Other,
            _ => true,
        };
        let size = records.size.unwrap_or(if has_body { in_header } else { 0 });
        if matches!(kind, b'2'..=b'6') && size > 0 {
            return Broken::because("has an entry with content that can have none");
        }
        let sparse = records.sparse.as_ref();
        let path = sparse.and_then(|sparse| sparse.name.as_ref()).or(records.path.as_ref());
        let name = match (path, before.long_name) {
            (Some(_), Some(_)) => {
                return Broken::because("has an entry with two headers that say the same of it");
            }
            // libarchive composes what is not ASCII.
            (Some(path), None) => {
                // tar ends it at a NUL byte.
                let path = until_nul(path);
                (path.is_ascii() || records.is_binary).then(|| path.to_vec())
            }
            (None, Some(long_name)) => Some(long_name),
            (None, None) => Some(header.name()),
        };
        let is_file = !matches!(kind, b'1'..=b'6' | b'D');
        if is_file && size > 0 && name.as_ref().is_some_and(|name| name.ends_with(b"/")) {
            return Broken::because("has a directory with content");
        }
        let mut listed = Listed { name, size: is_file.then_some(size) };
        let asks_link = kind == b'1' && self.dialect == HeaderKind::Ustar;
        if asks_link && size > 0 && records.size.is_none() {
            self.reads = Reads::AfterLink { listed, size };
            return Ok(Want::Bytes { at: self.at, length: BLOCK });
        }
        if kind == b'S' || (dialect == Dialect::Gnu && header.has_holes()) {
            return self.old_sparse(header, listed, size);
        }
        match (sparse, records.holes) {
            (None, None) => Ok(self.listed(listed, size)),
            (None, Some(holes)) if is_file && holes.is_of(size) => {
                // Told of before its content is looked at, which libarchive shows meanwhile.
                self.reads = Reads::Zeros { holes, size, length: 0 };
                Ok(Want::Entry(listed))
            }
            (_, Some(_)) => {
                Broken::because("has a sparse file whose map is not that of its content")
            }
            (Some(sparse), None) => {
                if is_file {
                    listed.size = sparse.real_size.or(listed.size);
                }
                self.pax_sparse(sparse, listed, size)
            }
        }
    }

    /// A hard link has a size, and what follows is a header, or else its body.
    pub(super) fn after_link(
        &mut self,
        bytes: &[u8],
        listed: Listed,
        size: u64,
    ) -> Result<Want, Broken> {
        let Some(block) = bytes.first_chunk::<BLOCK>() else {
            return Broken::because("is cut short: the content of an entry is not all there");
        };
        if Header::new(block).is_some_and(|header| header.is_recognized()) {
            self.reads = Reads::Again(Box::new(*block));
            return Ok(Want::Entry(listed));
        }
        let is_one_block = size <= BLOCK as u64;
        if is_one_block {
            self.at += BLOCK as u64;
        }
        Ok(self.listed(listed, if is_one_block { 0 } else { size }))
    }
}
