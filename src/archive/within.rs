//! What lies within one layer of compression: an archive, or a file that was compressed by itself?
//!
//! A compressed file without an archive is one entry. So that a damaged archive is not taken for one, everything that
//! libarchive may know is left to it; and what has the remains of a tar, or the name of an archive, is none either.

use super::initramfs;

/// The length of a tar's header, and where in it the checksum is: POSIX.1-2017, pax, "ustar Interchange Format".
pub(super) const TAR: usize = 512;
const TAR_CHECKSUM: std::ops::Range<usize> = 148..156;

/// Where in the header it says that it is one, in all tars but the oldest: the same.
const USTAR: (usize, &[u8]) = (257, b"ustar");

/// How much is looked at. An ISO 9660 image says what it is at 32 KiB (ECMA-119, 6.2.1 and 8.1.2).
pub(super) const LOOKED_AT: usize = 64 << 10;
const ISO_MARK: (std::ops::Range<usize>, &[u8]) = (32 << 10..48 << 10, b"CD001");

/// What archives and filters begin with that libarchive knows (versions 3.6 to 3.8), tars apart. A program may have an
/// archive behind it.
const BEGINNINGS: [&[u8]; 26] = [
    b"PK",
    b"7z\xbc\xaf\x27\x1c",
    b"!<arch>\n",
    b"MSCF",
    b"MZ",
    b"\x7fELF",
    b"07070",
    b"\xc7\x71",
    b"\x71\xc7",
    b"Rar!",
    b"WARC/",
    b"xar!",
    b"00PK",
    b"\x1f\x8b",
    b"\x1f\x9d",
    b"\x1f\xa0",
    b"BZh",
    b"\xfd7zXZ",
    b"LZIP",
    b"LRZI",
    b"\x89LZO",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"\x02\x21\x4c\x18",
    b"\xed\xab\xee\xdb",
    b"GRZipII",
];

/// Names of archives end like this, that of a compression aside.
const ENDINGS: [&str; 14] = [
    ".tar", ".gtar", ".cpio", ".ar", ".deb", ".iso", ".zip", ".7z", ".rar", ".cab", ".xar",
    ".warc", ".lha", ".lzh",
];
const COMPRESSED: [&str; 6] = [".gz", ".z", ".bz2", ".xz", ".zst", ".lz4"];
/// The same in one: those that GNU tar and bsdtar know.
const SHORT: [&str; 10] =
    [".tgz", ".taz", ".tbz", ".tbz2", ".tz2", ".tb2", ".txz", ".tzst", ".tlz4", ".cpgz"];

/// Does a tar, a cpio or an ar begin like this? Zeros may be the start of anything.
pub(super) fn is_common(start: &[u8]) -> bool {
    initramfs::is_cpio(start) || start.starts_with(b"!<arch>\n") || is_tar(start)
}

/// Is this the header of a tar, with the right checksum? It is the sum of all bytes, with blanks for itself; some
/// programs took them for signed.
fn is_tar(start: &[u8]) -> bool {
    let Some(header) = start.first_chunk::<TAR>() else { return false };
    let digits = &header[TAR_CHECKSUM];
    let is_digit = |byte: &&u8| matches!(byte, b'0'..=b'7');
    let digits = digits.iter().skip_while(|byte| **byte == b' ').take_while(is_digit);
    let written = digits.fold(0, |sum, digit| sum * 8 + i64::from(digit - b'0'));
    let (before, after) = (&header[..TAR_CHECKSUM.start], &header[TAR_CHECKSUM.end..]);
    let others = || before.iter().chain(after);
    // The field is of eight bytes.
    let blanks = 8 * i64::from(b' ');
    let unsigned = others().map(|byte| i64::from(*byte)).sum::<i64>() + blanks;
    let signed = others().map(|byte| i64::from(byte.cast_signed())).sum::<i64>() + blanks;
    written > 0 && (written == unsigned || written == signed)
}

/// Could libarchive know what begins like this? `start` has [`LOOKED_AT`] bytes, if there are so many.
pub(super) fn may_be_known(start: &[u8]) -> bool {
    let is_lha = |start: &[u8]| start.get(2..4) == Some(b"-l");
    let is_zeros = start.first_chunk::<TAR>().is_some_and(|block| block.iter().all(|it| *it == 0));
    let (range, mark) = ISO_MARK;
    let beyond = start.get(range.start..range.end.min(start.len())).unwrap_or_default();
    BEGINNINGS.iter().any(|beginning| start.starts_with(beginning))
        || is_tar(start)
        || is_zeros
        || is_lha(start)
        || is_lzma(start)
        || start.get(1..4) == Some(b"\x2a\x4d\x18")
        || has_uuencoded(start)
        || beyond.windows(mark.len()).any(|window| window == mark)
}

/// Lzma has no mark, but few sizes of dictionaries.
fn is_lzma(start: &[u8]) -> bool {
    let Some(header) = start.first_chunk::<5>() else { return false };
    let [properties, size @ ..] = *header;
    let size = u32::from_le_bytes(size);
    // (4 * 5 + 4) * 9 + 8 are the largest properties.
    properties <= 224 && (size.is_power_of_two() || (0x03e0_0000..=0x03f0_0000).contains(&size))
}

/// Text that was encoded by uuencode begins with such a line.
fn has_uuencoded(start: &[u8]) -> bool {
    start.split(|&byte| byte == b'\n').any(|line| {
        line.strip_prefix(b"begin")
            .is_some_and(|rest| rest.starts_with(b" ") || rest.starts_with(b"-"))
    })
}

/// Why what libarchive does not know is an archive all the same, and damaged.
pub(super) fn remains(start: &[u8], name: &str) -> Option<&'static str> {
    let (at, mark) = USTAR;
    let is_block = |block: &[u8]| block[at..].starts_with(mark) || is_tar(block);
    if start.chunks_exact(TAR).any(is_block) {
        return Some("is compressed, and what is within is a tar that is damaged");
    }
    if is_beginning(start) {
        return Some("is compressed, and what is within is the beginning of an archive");
    }
    is_named_archive(name).then_some(
        "is compressed, and what is within is no archive of a known format, as its name says",
    )
}

/// Is all that there is the beginning of an archive? One or two bytes may be that of anything.
fn is_beginning(start: &[u8]) -> bool {
    // A tar's header has the permissions of its entry behind a name of 100 bytes, as digits with a NUL behind them.
    let is_octal = |field: &[u8]| {
        field.ends_with(b"\0") && field[..7].iter().all(|byte| matches!(byte, b'0'..=b'7' | b' '))
    };
    let is_part = |whole: &&[u8]| start.len() < whole.len() && whole.starts_with(start);
    start.len() < TAR
        && (start.get(100..108).is_some_and(is_octal)
            || (start.len() > 2 && BEGINNINGS.iter().any(is_part)))
}

/// Does a file have the name of a compressed archive? Of a URL, its path counts.
fn is_named_archive(name: &str) -> bool {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let path = path.to_ascii_lowercase();
    let within = COMPRESSED.iter().find_map(|ending| path.strip_suffix(ending));
    SHORT.iter().any(|ending| path.ends_with(ending))
        || within.is_some_and(|within| ENDINGS.iter().any(|ending| within.ends_with(ending)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::input::Bytes;
    use crate::archive::limits::Meter;
    use crate::archive::open::{Manner, open_here};
    use crate::content::memory::{Memory, MemoryReader};
    use crate::options::ArchiveLimits;
    use crate::run::context::{Call, Context};

    /// Why libarchive cannot read these bytes, if it cannot.
    fn refusal(bytes: &[u8]) -> Option<String> {
        let call = Call::new(None);
        let (context, bytes) = (Context::new(&call), Memory::new(bytes.to_vec()));
        let meter = Meter::new("x".into(), ArchiveLimits::default());
        let bytes = Bytes::Anywhere(Box::new(MemoryReader::new(&bytes)));
        let opened = open_here(bytes, &"x".into(), &meter, Manner::default(), &context);
        opened.and_then(|mut entries| entries.next()).err().map(|error| error.to_string())
    }

    /// A tar's header with a name of this byte, and the right checksum.
    fn header(letter: u8) -> Vec<u8> {
        let mut header = vec![0; TAR];
        header[0] = letter;
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(b"00000000000");
        header[156] = b'0';
        let sum = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        header[TAR_CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        header
    }

    proptest! {
        /// What may not be known is not known to libarchive, so that it need not be asked.
        #[test]
        fn libarchive_knows_nothing_that_may_not_be_known(
            beginning in 0..BEGINNINGS.len() + 3,
            changed in proptest::option::of((0..12_usize, any::<u8>())),
            rest in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let mut bytes = match beginning.checked_sub(BEGINNINGS.len()) {
                None => BEGINNINGS[beginning].to_vec(),
                Some(0) => header(b'x'),
                Some(1) => b"begin 644 x\n#86)C\n`\nend\n".to_vec(),
                Some(_) => Vec::new(),
            };
            bytes.extend(rest);
            if let Some((at, byte)) = changed
                && let Some(place) = bytes.get_mut(at)
            {
                *place = byte;
            }
            if !may_be_known(&bytes) && !bytes.is_empty() {
                let why = refusal(&bytes);
                let unknown = "x: is no archive of a known format";
                prop_assert!(why.as_deref().is_some_and(|why| why.contains(unknown)), "{why:?}");
            }
        }
    }

    #[test]
    fn a_damaged_tar_is_no_single_file() {
        let whole = header(b'x');
        assert!(is_common(&whole) && may_be_known(&whole));
        let mut damaged = whole.clone();
        damaged[0] ^= 1;
        assert!(!is_common(&damaged) && !may_be_known(&damaged));
        assert_eq!(remains(&damaged, "x.gz"), None, "nothing tells it");
        let two = [&damaged[..], &whole].concat();
        assert!(remains(&two, "x.gz").is_some_and(|why| why.ends_with("a tar that is damaged")));
        damaged[257..262].copy_from_slice(b"ustar");
        assert!(remains(&damaged, "x.gz").is_some());
    }

    #[test]
    fn the_beginning_of_an_archive_is_no_single_file() {
        let whole = header(b'x');
        for length in 0..TAR {
            assert_eq!(remains(&whole[..length], "x.gz").is_some(), length >= 108, "{length}");
        }
        for length in 0..8 {
            assert_eq!(remains(&b"!<arch>\n"[..length], "x.gz").is_some(), length > 2, "{length}");
        }
    }

    #[test]
    fn a_name_of_an_archive_is_one() {
        for name in [
            "a.tar.gz",
            "A.TAR.XZ",
            "/x/a.tgz",
            "https://h/a.tar.zst?sig=b.txt",
            "x.cpio.lz4",
            "x.zip.bz2",
        ] {
            assert!(is_named_archive(name), "{name}");
        }
        for name in
            ["a.gz", "a.txt.gz", "tar.gz", "a.tar", "a.img.xz", "https://h/a.gz?x=a.tar.gz", ""]
        {
            assert!(!is_named_archive(name), "{name}");
        }
    }
}
