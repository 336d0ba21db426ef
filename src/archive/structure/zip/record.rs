//! One entry in the index of a zip: APPNOTE.TXT, section 4.3.12.

use super::super::Broken;
use super::fields::{extras, long_number, number, short_number};
use super::member::{Member, MemberKind};
use super::name::{self, UNICODE_PATH, with_slashes};

/// Without the name, the extra fields and the comment that follow it.
pub(super) const LENGTH: usize = 46;
const MARK: &[u8] = b"PK\x01\x02";

/// What zip says has made an entry, and what that decides: how its attributes are meant.
const DOS: u8 = 0;
const UNIX: u8 = 3;
const DARWIN: u8 = 19;
/// Those whose names have backslashes between their parts, if those who write zips there leave them in: DOS,
/// OS/2, Windows and its filesystems.
const WITH_BACKSLASHES: [u8; 5] = [DOS, 6, 10, 11, 14];

/// Flags that change nothing about how an entry is read, once its index is known: how hard it was
/// compressed, that its sizes follow its content, and that its name is UTF-8.
pub(super) const HARMLESS: u16 = 0b1000_0000_1110;

/// The flag of an entry that is encrypted, and those of one that is so in a way which nothing here decrypts, or whose
/// index is.
pub(super) const ENCRYPTED: u16 = 0b1;
const STRONGLY_ENCRYPTED: u16 = 0b0010_0000_0100_0000;
/// Its name is UTF-8.
pub(super) const UTF8: u16 = 0b1000_0000_0000;

/// The extra field with numbers that are too large for the record, and the one that says how an entry is
/// encrypted.
const LARGE: u16 = 0x0001;
pub(super) const AES: u16 = 0x9901;

/// Extra fields that say nothing more about kind, size or content: numbers that are too large for the
/// record, dates, owners, a comment in UTF-8, padding (of APKs and Office documents), and what marks a jar.
const HARMLESS_EXTRAS: [u16; 11] =
    [LARGE, 0x000a, 0x5455, 0x5855, 0x6375, 0x7855, 0x7875, 0xa11e, 0xa220, 0xcafe, 0xd935];

/// The longest target of a link that is read without libarchive: `PATH_MAX` of Linux, where none is longer.
const LONGEST_TARGET: u64 = 4096;

/// What a number is set to where an extra field has it.
const ELSEWHERE: u32 = u32::MAX;

/// How content is stored.
pub(super) const STORED: u16 = 0;
pub(crate) const DEFLATED: u16 = 8;
/// It is encrypted by AES; how it is stored besides, an extra field says:
/// <https://www.winzip.com/en/support/aes-encryption/>.
pub(super) const AES_METHOD: u16 = 99;

/// A record that is whole.
#[derive(Clone, Copy)]
pub(crate) struct Record<'r>(&'r [u8]);

impl<'r> Record<'r> {
    /// The record at the beginning of `bytes`, if all of one is there.
    pub(crate) fn at_start(bytes: &'r [u8]) -> Option<Self> {
        if bytes.len() < LENGTH || !bytes.starts_with(MARK) {
            return None;
        }
        bytes.get(..length(bytes)).map(Self)
    }

    /// How many bytes it has.
    pub(crate) fn length(self) -> usize {
        self.0.len()
    }

    pub(crate) fn name(self) -> &'r [u8] {
        &self.0[LENGTH..][..self.name_length()]
    }

    fn name_length(self) -> usize {
        usize::from(short_number(self.0, 28))
    }

    fn method(self) -> u16 {
        short_number(self.0, 10)
    }

    fn checksum(self) -> u32 {
        number(self.0, 16)
    }

    /// How many bytes are stored.
    fn packed(self) -> u32 {
        number(self.0, 20)
    }

    /// How many bytes the content has.
    fn size(self) -> u32 {
        number(self.0, 24)
    }

    /// Where its header is, in front of its content.
    fn offset(self) -> u32 {
        number(self.0, 42)
    }

    /// What it says, whatever kind of entry that is, and what the entry is called where its name is not all
    /// there is to that.
    pub(super) fn member(self) -> Result<(Member, Option<Vec<u8>>), Broken> {
        let [made_by, flags, disk] = [4, 8, 34].map(|at| short_number(self.0, at));
        let [_, system] = made_by.to_le_bytes();
        let of_this = |why: &str| {
            let name = crate::error::Name::new(self.name());
            Broken(format!("is damaged: '{name}' in it: {why}"))
        };
        let has_aes = extras(self.extras()).flatten().any(|(kind, _)| kind == AES);
        let is_aes = flags & ENCRYPTED != 0 && self.method() == AES_METHOD;
        if flags & STRONGLY_ENCRYPTED != 0 || has_aes != is_aes {
            return Broken::because("is encrypted in a way that is not supported");
        }
        let [size, packed, offset, disk] = self.large(disk).ok_or_else(|| {
            of_this("numbers that are too large for the index are not where they must be")
        })?;
        if disk != 0 {
            return Broken::because("is a part of a zip of several parts");
        }
        let name = self.name();
        let unicode = name::unicode(self.extras(), name, flags & UTF8 != 0).map_err(of_this)?;
        let called = match unicode {
            Some(unicode) if WITH_BACKSLASHES.contains(&system) => Some(with_slashes(unicode)),
            Some(unicode) => Some(unicode.to_vec()),
            None if !name.contains(&b'\\') => None,
            // One that would lead elsewhere leads there for some readers, whatever the system was.
            None if WITH_BACKSLASHES.contains(&system) || leads_elsewhere(name) => {
                Some(with_slashes(name))
            }
            None => Some(name.to_vec()),
        };
        let attributes = number(self.0, 38);
        let kind = match (system, attributes >> 28) {
            (UNIX | DARWIN, 0o4) => MemberKind::Directory,
            _ if name.ends_with(b"/") => MemberKind::Directory,
            (UNIX | DARWIN, 0o12) => MemberKind::Link,
            // A pipe that was packed: what came out of it is stored.
            (UNIX | DARWIN, 0 | 0o1 | 0o10) => MemberKind::File,
            (UNIX | DARWIN, _) => MemberKind::Other,
            (DOS, _) if attributes & 0x10 != 0 => MemberKind::Directory,
            _ => MemberKind::File,
        };
        let numbers = [offset, packed, size];
        let member = Member::new(
            kind,
            self.plain_kind(unicode).is_some(),
            [flags, self.method()],
            self.checksum(),
            numbers,
            short_number(self.0, 28),
        );
        Ok((member, called))
    }

    /// The size of its content, how many bytes are stored, where, and on which disk: those that do not fit into
    /// the record are in an extra field, in this order.
    fn large(self, disk: u16) -> Option<[u64; 4]> {
        let mut fields = extras(self.extras()).flatten().filter(|&(kind, _)| kind == LARGE);
        let mut rest = fields.next().map_or(&[][..], |(_, value)| value);
        if fields.next().is_some() {
            return None;
        }
        let mut number = |here: u32| match here {
            ELSEWHERE => {
                let (first, after) = rest.split_first_chunk::<8>()?;
                rest = after;
                Some(long_number(first, 0))
            }
            here => Some(here.into()),
        };
        let (size, packed) = (number(self.size())?, number(self.packed())?);
        let offset = number(self.offset())?;
        let disk = match disk {
            u16::MAX => u64::from(self::number(rest.first_chunk::<4>()?, 0)),
            disk => disk.into(),
        };
        Some([size, packed, offset, disk])
    }

    /// What it is, if it is a file, a directory or a link in the most ordinary way: the record says all
    /// that counts, and all readers of zips understand it alike. `None`: libarchive knows. `unicode` is its
    /// name in an extra field, if that counts.
    pub(super) fn plain_kind(self, unicode: Option<&[u8]>) -> Option<Plain> {
        let [made_by, flags, disk] = [4, 8, 34].map(|at| short_number(self.0, at));
        let [size, packed, _, disk] = self.large(disk)?;
        let is_as_stored = match self.method() {
            STORED => packed == size,
            // At least that there is nothing must be said.
            DEFLATED => packed > 0,
            _ => false,
        };
        let is_here = disk == 0;
        let name = self.name();
        // A NUL ends a name, and what is said to be UTF-8 may be something else.
        let is_clear = |name: &[u8], is_utf8: bool| {
            !name.contains(&0) && (!is_utf8 || std::str::from_utf8(name).is_ok())
        };
        let is_clear = is_clear(name, flags & UTF8 != 0)
            && unicode.is_none_or(|unicode| is_clear(unicode, true));
        let is_plain = flags & !HARMLESS == 0 && is_as_stored && is_here && is_clear;
        if !is_plain || name.is_empty() || !self.has_only_harmless_extras(unicode.is_some()) {
            return None;
        }
        let attributes = number(self.0, 38);
        let [_, system] = made_by.to_le_bytes();
        let kind = match (system, attributes >> 28) {
            // A pipe that was packed: what came out of it is stored.
            (UNIX | DARWIN, 0 | 0o1 | 0o10) => Plain::File,
            (UNIX | DARWIN, 0o4) => Plain::Directory,
            // libarchive takes a link from a Mac for a file.
            (UNIX, 0o12) => Plain::Link,
            (system, _) if !WITH_BACKSLASHES.contains(&system) => return None,
            _ if attributes & 0x10 != 0 => Plain::Directory,
            _ => Plain::File,
        };
        match (name.ends_with(b"/"), kind) {
            (true, Plain::File | Plain::Directory) => (size == 0).then_some(Plain::Directory),
            // Many readers go by the name alone; libarchive takes such a one for a file if it is read-only
            // and from DOS.
            (false, Plain::Directory) | (true, Plain::Link) => None,
            (false, Plain::Link) => (1..=LONGEST_TARGET).contains(&size).then_some(kind),
            (false, Plain::File) => Some(kind),
        }
    }

    fn extras(self) -> &'r [u8] {
        let start = LENGTH + self.name_length();
        &self.0[start..][..usize::from(short_number(self.0, 30))]
    }

    /// `names`: a name among them counts.
    fn has_only_harmless_extras(self, names: bool) -> bool {
        extras(self.extras()).all(|field| {
            field.is_some_and(|(kind, _)| {
                HARMLESS_EXTRAS.contains(&kind) || (names && kind == UNICODE_PATH)
            })
        })
    }
}

/// Would the name lead out of the tree, if its backslashes were slashes?
fn leads_elsewhere(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| b"/\\".contains(byte));
    name.starts_with(b"\\") || parts.any(|part| part == b"..")
}

/// What a plain entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    File,
    Directory,
    Link,
}

/// How long a record is, with all that follows it; its fixed part must be there.
fn length(record: &[u8]) -> usize {
    LENGTH + [28, 30, 32].map(|at| usize::from(short_number(record, at))).iter().sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of a file that `zip` has deflated on Linux, with its date in an extra field.
    fn record(name: &[u8]) -> Vec<u8> {
        let mut record = vec![0; LENGTH];
        let date = *b"UT\x05\0\x03date";
        let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, MARK);
        put(5, &[UNIX]);
        put(10, &DEFLATED.to_le_bytes());
        put(20, &7_u32.to_le_bytes());
        put(24, &9_u32.to_le_bytes());
        put(28, &u16::try_from(name.len()).expect("short").to_le_bytes());
        put(30, &u16::try_from(date.len()).expect("short").to_le_bytes());
        put(40, &0o100_644_u16.to_le_bytes());
        record.extend_from_slice(name);
        record.extend_from_slice(&date);
        record
    }

    fn kind(bytes: &[u8]) -> Option<Plain> {
        let record = Record::at_start(bytes).expect("all of it is there");
        let (member, _) = record.member().ok()?;
        let unicode = name::unicode(record.extras(), record.name(), false).ok()?;
        let kind = record.plain_kind(unicode);
        assert_eq!(member.is_plain, kind.is_some());
        kind
    }

    /// What a record is with these bytes at that place.
    fn with(at: usize, bytes: &[u8]) -> Option<Plain> {
        let mut changed = record(b"name");
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        kind(&changed)
    }

    #[test]
    fn a_file_and_a_directory_are_plain() {
        assert_eq!(kind(&record(b"name")), Some(Plain::File));
        assert_eq!(with(8, &[0b1000, 0b1000]), Some(Plain::File), "sizes follow, UTF-8");
        assert_eq!(with(40, &[0o200, 0x01]), Some(Plain::File), "permissions, and no type");
        assert_eq!(with(5, &[DOS]), Some(Plain::File));
        let mut directory = record(b"name/");
        directory[24] = 0;
        assert_eq!(kind(&directory), Some(Plain::Directory));
        let mut nameless = record(b"name");
        (nameless[24], nameless[41]) = (0, 0x40);
        assert_eq!(kind(&nameless), None, "a directory, but not by its name");
    }

    #[test]
    fn whatever_needs_more_than_its_record_is_not_plain() {
        for (at, bytes, why) in [
            (5, &[5][..], "made on a system whose attributes mean something else"),
            (8, &[1], "encrypted"),
            (8, &[0b10_0000], "patched"),
            (8, &[0, 0b10_0000], "with a hidden header"),
            (10, &[12], "compressed by bzip2"),
            (20, &[0xff; 4], "its stored size is in an extra field that is not there"),
            (24, &[0xff; 4], "its size is in an extra field"),
            (34, &[1], "in another part"),
            (42, &[0xff; 4], "its place is in an extra field"),
            (41, &[0x40], "a directory that has content"),
            (LENGTH, &[0], "its name has a NUL byte"),
            (LENGTH + 3, b"/", "a directory that has content, by its name"),
            (LENGTH + 4, b"up", "its name is in an extra field"),
            (LENGTH + 4, &[1, 0x99], "encrypted, as an extra field says"),
            (LENGTH + 6, &[6], "an extra field is cut short"),
            (LENGTH + 6, &[2], "there is something behind the extra fields"),
            (10, &[0, 0], "stored, in fewer bytes than it has"),
            (20, &[0], "deflated to nothing at all"),
        ] {
            assert_eq!(with(at, bytes), None, "{why}");
        }
        assert_eq!(kind(&record(b"")), None, "without a name");
        let mut named = record(b"\x84");
        named[9] = 0b1000;
        assert_eq!(kind(&named), None, "its name is not the UTF-8 that it is said to be");
    }

    #[test]
    fn links_and_names_in_any_encoding_are_plain() {
        assert_eq!(with(41, &[0xa0]), Some(Plain::Link));
        assert_eq!(with(5, &[DARWIN]), Some(Plain::File));
        assert_eq!(with(5, &[11]), Some(Plain::File), "made by Windows");
        assert_eq!(with(LENGTH, b"\\"), Some(Plain::File), "a backslash");
        assert_eq!(with(LENGTH, &[0x84]), Some(Plain::File), "in some encoding");
        for (change, why) in [
            (&[(24, 0)][..], "a target without a byte"),
            (&[(25, 0x11)], "a target that is too long for any system"),
            (&[(5, DARWIN)], "one that libarchive takes for a file"),
            (&[(LENGTH + 3, b'/')], "a directory by its name"),
        ] {
            let mut link = record(b"name");
            link[41] = 0xa0;
            for &(at, byte) in change {
                link[at] = byte;
            }
            assert_eq!(kind(&link), None, "{why}");
        }
    }
}
