//! The entries of an archive, as far as their comparison needs them: what they are called and what is
//! known of their content, never the content itself.

use std::collections::HashMap;
use std::sync::Arc;

use blake3::Hash;

/// Where an entry stands among those of its archive that count.
pub(super) type Index = u32;

/// An entry that counts: one with a name that can be matched, and with something to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Its name, made plain.
    pub(super) path: Arc<[u8]>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A symbolic link to this target.
    Symlink(Box<[u8]>),
    /// Another name for what is called this by now.
    HardLink(Box<[u8]>),
}

/// What is known of an entry's content when all of it has passed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Body {
    pub(super) size: u64,
    pub(super) digest: Option<Hash>,
    /// The entry of the other archive that it was compared with byte by byte, and whether it is the
    /// same.
    pub(super) twin: Option<(Index, bool)>,
}

/// Everything that counts in one archive, in its order.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) all: Vec<(Header, Body)>,
    /// The last of each name so far.
    last: HashMap<Arc<[u8]>, Index>,
    /// Names that are not matched, and why.
    pub(super) refused: Vec<(Vec<u8>, &'static str)>,
}

impl Entries {
    /// Where the next entry will stand.
    pub(super) fn next(&self) -> Index {
        Index::try_from(self.all.len()).expect("entries that fit into memory")
    }

    pub(super) fn push(&mut self, header: Header, body: Body) {
        self.last.insert(Arc::clone(&header.path), self.next());
        self.all.push((header, body));
    }

    /// Has there been an entry of this name?
    pub(super) fn have(&self, path: &[u8]) -> bool {
        self.last.contains_key(path)
    }

    pub(super) fn header(&self, index: Index) -> &Header {
        &self.all[index as usize].0
    }

    pub(super) fn body(&self, index: Index) -> &Body {
        &self.all[index as usize].1
    }
}

/// Makes a name plain: without `.` parts, empty parts and a slash at the end.
///
/// # Errors
/// Why it is not to be matched with any other.
pub(super) fn plain(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    if name.first() == Some(&b'/') {
        return Err("the name is absolute");
    }
    if name.contains(&0) {
        return Err("the name contains a NUL byte");
    }
    let mut path = Vec::with_capacity(name.len());
    for part in name.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err("the name leads out of the archive, with '..'"),
            _ => {}
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(part);
    }
    if path.is_empty() { Err("the name is empty") } else { Ok(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_plain() {
        let cases = ["a/b", "./a/b", "a//b", "a/b/", "././/a/./b//", "a/b/."];
        for name in cases {
            assert_eq!(plain(name.as_bytes()).as_deref(), Ok(&b"a/b"[..]), "{name}");
        }
        assert_eq!(plain(b"..a/b..").as_deref(), Ok(&b"..a/b.."[..]));
        assert_eq!(plain(b"\xff\\ ").as_deref(), Ok(&b"\xff\\ "[..]));
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in
            ["/a", "//a", "/", "..", "../a", "a/../b", "a/..", "./..", "", ".", "./", "a\0b"]
        {
            assert!(plain(name.as_bytes()).is_err(), "{name:?}");
        }
    }
}
