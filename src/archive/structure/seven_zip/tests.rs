use super::super::Listed;
use super::super::testing::pulled;
use super::super::walked::{broken, names, walked};
use super::*;
use crate::archive::structure::{Details, Sort};

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut checksum = Crc::new();
    checksum.update(bytes);
    checksum.sum().to_le_bytes()
}

fn archive(packed: &[u8], header: &[u8]) -> Vec<u8> {
    let numbers = [packed.len() as u64, header.len() as u64].map(u64::to_le_bytes).concat();
    let numbers = [&numbers[..], &checksum(header)].concat();
    [MARK, &[0, 4], &checksum(&numbers), &numbers, packed, header].concat()
}

/// What says that so many packed bytes come from this coder, so many unpacked ones with this checksum.
fn streams(packed: u8, coder: &[u8], unpacked: u8, checksum: &[u8]) -> Vec<u8> {
    let folder = [&[0x07, 0x0b, 1, 0, 1], coder, &[0x0c, unpacked]].concat();
    let checksum = [&[0x0a, 1], checksum, &[0]].concat();
    [&[0x06, 0, 1, 0x09, packed, 0], &folder[..], &checksum].concat()
}

/// What says how a header is packed, of which this comes out.
fn encoded(packed: &[u8], coder: &[u8], header: &[u8]) -> Vec<u8> {
    let [packed, unpacked] = [packed, header].map(|bytes| bytes.len().try_into().expect("short"));
    [&[ENCODED][..], &streams(packed, coder, unpacked, &checksum(header)), &[0]].concat()
}

const COPY: &[u8] = &[1, 0];
const LZMA: &[u8] = &[0x23, 3, 1, 1, 5, 93, 0, 0, 1, 0];
const LZMA2: &[u8] = &[0x21, 0x21, 1, 8];
const AES: &[u8] = &[0x24, 6, 0xf1, 7, 1, 1, 0];

/// A header of no files, and what LZMA makes of it, and LZMA 2 (by liblzma).
const NONE: &[u8] = &[HEADER, 5, 0, 0, 0];
const BY_LZMA: &[u8] = &[0, 0, 0x81, 0x7a, 0x55, 0xfb, 0x92, 0x7f, 0xff, 0xff, 0xf3, 0xd8, 0, 0];
const BY_LZMA2: &[u8] = &[1, 0, 4, 1, 5, 0, 0, 0, 0];

/// A property of files.
fn property(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind, content.len().try_into().expect("short")], content].concat()
}

fn named(names: &[&str]) -> Vec<u8> {
    let units = |name: &&str| [name.encode_utf16().collect(), vec![0]].concat();
    let units = names.iter().flat_map(units).flat_map(u16::to_le_bytes);
    property(0x11, &std::iter::once(0).chain(units).collect::<Vec<_>>())
}

/// A header of so many files with these properties; the first ones have 2 and 4 bytes, the 6 that are stored.
fn listing(count: u8, properties: &[Vec<u8>]) -> Vec<u8> {
    let streams = streams(6, COPY, 6, &checksum(b"packed"));
    let parts = [8, 0x0d, 2, 9, 2, 0x0a, 1, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 5, count];
    [&[HEADER, 4], &streams[..], &parts, &properties.concat(), &[0, 0]].concat()
}

fn refused(bytes: &[u8]) -> String {
    broken(bytes, SevenZip::new)
}

#[test]
fn an_archive_ends_with_its_header() {
    for (packed, header) in [
        (b"packed".to_vec(), listing(2, &[named(&["a", "b"])])),
        (NONE.to_vec(), encoded(NONE, COPY, NONE)),
        (BY_LZMA.to_vec(), encoded(BY_LZMA, LZMA, NONE)),
        (BY_LZMA2.to_vec(), encoded(BY_LZMA2, LZMA2, NONE)),
        (vec![], [&[HEADER, 2, 1, 0xf0, 0, 0, 0x30, 0][..], &vec![0; 3 << 20], &[0, 0]].concat()),
    ] {
        let bytes = archive(&packed, &header);
        let (_, whole) = pulled(&mut SevenZip::new(), &[&bytes[..], b"behind"].concat());
        assert_eq!(whole.map(|whole| (whole.end, whole.open)), Ok((bytes.len() as u64, None)));
    }
    let (_, whole) = walked(&archive(b"", b""), SevenZip::new);
    assert_eq!(whole.map(|whole| (whole.end, whole.entries)), Ok((32, Some(0))));
}

#[test]
fn files_are_listed_with_what_they_are() {
    let properties = [
        property(0x0e, &[0b0011_1000]),
        property(0x0f, &[0b0100_0000]),
        named(&["a", "\u{1f600}/b", "d", "empty", "e"]),
        property(0x14, &[1; 9]),
    ];
    let (listed, whole) = walked(&archive(b"packed", &listing(5, &properties)), SevenZip::new);
    assert!(whole.is_ok(), "{whole:?}");
    assert_eq!(names(&listed), ["a", "\u{1f600}/b", "d", "empty", "e"]);
    let what =
        |(listed, details): &(Listed, Details)| (listed.size, details.checksum, details.sort);
    assert_eq!(
        listed.iter().map(what).collect::<Vec<_>>(),
        [
            (Some(2), Some(1), Some(Sort::File)),
            (Some(4), Some(2), Some(Sort::File)),
            (None, None, Some(Sort::Other)),
            (Some(0), None, Some(Sort::File)),
            (None, None, Some(Sort::Other)),
        ]
    );
}

#[test]
fn links_are_for_libarchive_to_read_and_other_files_with_content_are_files() {
    let attributes = |of: [u32; 2]| {
        let all = of.map(u32::to_le_bytes).concat();
        let properties = [named(&["a", "b"]), property(0x15, &[&[1, 0][..], &all].concat())];
        let (listed, _) = walked(&archive(b"packed", &listing(2, &properties)), SevenZip::new);
        [0, 1].map(|file| listed[file].1.sort)
    };
    assert_eq!(attributes([0x8000 | 0o120_777 << 16, 0x400]), [None, None]);
    let file = Some(Sort::File);
    assert_eq!(
        attributes([0x8000 | 0o100_644 << 16, 0x10 | 0x8000 | 0o40_755 << 16]),
        [file, file]
    );
}

#[test]
fn every_cut_and_every_flipped_bit_of_a_header_is_an_error() {
    for (packed, header) in [
        (&b"packed"[..], listing(2, &[named(&["a", "b"])])),
        (BY_LZMA, encoded(BY_LZMA, LZMA, NONE)),
    ] {
        let bytes = archive(packed, &header);
        for length in 0..bytes.len() {
            assert!(pulled(&mut SevenZip::new(), &bytes[..length]).1.is_err(), "{length}");
        }
        for place in (0..bytes.len()).filter(|place| ![6, 7].contains(place)) {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let before = pulled(&mut SevenZip::new(), &bytes);
            let after = pulled(&mut SevenZip::new(), &changed);
            // What is packed has a checksum when it is unpacked.
            if (32..32 + packed.len()).contains(&place) {
                assert!(after.1.is_err() || after == before, "{place}");
            } else {
                assert!(after.1.is_err(), "{place}");
            }
        }
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let mut bytes = archive(b"packed", NONE);
    bytes[8..32].fill(0);
    assert_eq!(refused(&bytes), "was never finished: its first header is empty");
    let bytes = archive(NONE, &encoded(NONE, AES, NONE));
    assert_eq!(refused(&bytes), "is encrypted, with its headers");
    let bytes = archive(&NONE[1..], &encoded(NONE, COPY, NONE));
    assert!(refused(&bytes).contains("makes no sense"), "more is packed than there is");
    let bytes = archive(b"packed", &[9]);
    assert!(refused(&bytes).contains("unknown type"));
    for coder in [&[0x23, 3, 4, 1, 1, 0][..], &[3, 3, 1, 1]] {
        let bytes = archive(NONE, &encoded(NONE, coder, NONE));
        let why = pulled(&mut SevenZip::new(), &bytes).1.expect_err("of an unknown coder").0;
        assert!(why.contains("in a way that is not known"), "{why}");
    }
    let bytes = archive(NONE, &encoded(NONE, LZMA, NONE));
    let why = pulled(&mut SevenZip::new(), &bytes).1.expect_err("no LZMA").0;
    assert!(why.contains("cannot be unpacked"), "{why}");
}

#[test]
fn a_header_that_does_not_account_for_its_content_is_refused() {
    let two = named(&["a", "b"]);
    for (count, properties, words) in [
        (1, vec![named(&["a"])], "more or less content"),
        (3, vec![named(&["a", "b", "c"])], "more or less content"),
        (2, vec![property(0x0e, &[0x80]), two.clone()], "more or less content"),
        (2, vec![named(&["a"])], "makes no sense"),
        (2, vec![property(0x0e, &[]), two.clone()], "makes no sense"),
        (2, vec![property(0x15, &[1, 0, 0]), two.clone()], "makes no sense"),
        (
            3,
            vec![property(0x0e, &[0x20]), property(0x10, &[0x80]), named(&["a", "b", "c"])],
            "not known",
        ),
        (2, vec![property(0x11, &[1, 0])], "not known"),
    ] {
        let why = refused(&archive(b"packed", &listing(count, &properties)));
        assert!(why.contains(words), "{count}, {why}");
    }
    // More is stored than the archive has.
    let why = refused(&archive(b"packe", &listing(2, &[two])));
    assert!(why.contains("makes no sense"), "{why}");
}

#[test]
fn a_program_may_stand_in_front_and_have_the_mark_in_it() {
    let bytes = archive(b"packed", NONE);
    let front = [b"MZ", MARK, &vec![1; 70_000][..]].concat();
    let (_, whole) = walked(&[&front[..], &bytes].concat(), SevenZip::new);
    assert_eq!(whole.map(|whole| whole.end), Ok((front.len() + bytes.len()) as u64));
}
