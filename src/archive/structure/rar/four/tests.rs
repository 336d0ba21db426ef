use super::super::super::walked::{broken, names, walked};
use super::*;

fn block(kind: u8, flags: u16, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(START + rest.len()).expect("short");
    let body = [&[kind][..], &flags.to_le_bytes(), &length.to_le_bytes(), rest].concat();
    let mut checksum = Crc::new();
    checksum.update(&body);
    let [low, high, ..] = checksum.sum().to_le_bytes();
    [&[low, high][..], &body].concat()
}

fn main_block(flags: u16) -> Vec<u8> {
    block(MAIN, flags, &[0; 6])
}

fn entry(name: &[u8], flags: u16, needs: u8, attributes: u32, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("short").to_le_bytes();
    let name_length = u16::try_from(name.len()).expect("short").to_le_bytes();
    let mut rest = [&length[..], &length, &[3], &[0; 8], &[needs, 0x30], &name_length].concat();
    rest.extend(attributes.to_le_bytes());
    if flags & IS_LARGE != 0 {
        rest.extend([0; 8]);
    }
    rest.extend_from_slice(name);
    [block(FILE, flags | HAS_DATA, &rest), data.to_vec()].concat()
}

fn file(name: &str, needs: u8, data: &[u8]) -> Vec<u8> {
    entry(name.as_bytes(), 0, needs, 0o100_644, data)
}

fn end_block(flags: u16) -> Vec<u8> {
    block(END, flags, b"")
}

fn archive(blocks: &[Vec<u8>], end: &[u8]) -> Vec<u8> {
    [MARK, &main_block(0), &blocks.concat(), end].concat()
}

fn refused(bytes: &[u8]) -> String {
    broken(bytes, Rar4::new)
}

#[test]
fn entries_and_the_end_are_found() {
    let note = [block(0x78, HAS_DATA, &4_u32.to_le_bytes()), b"note".to_vec()].concat();
    let blocks = [
        file("a", 20, b"one"),
        note,
        entry(b"d\\b", IS_LARGE, 29, 0o100_644, &[7; 3000]),
        entry(b"d", DIRECTORY, 20, 0o40_755, b""),
        entry(b"l", 0, 20, 0o120_777, b"a"),
    ];
    let bytes = archive(&blocks, &end_block(0));
    let (listed, whole) = walked(&[&bytes[..], b"behind"].concat(), Rar4::new);
    assert_eq!(names(&listed), ["a", "d/b", "d", "l"]);
    let sorts: Vec<_> = listed.iter().map(|(entry, details)| (details.sort, entry.size)).collect();
    let (other, link) = ((Some(Sort::Other), None), (Some(Sort::Link), None));
    let file = |size| (Some(Sort::File), Some(size));
    assert_eq!(sorts, [file(3), file(3000), other, link]);
    assert_eq!(whole.map(|whole| (whole.end, whole.open)), Ok((bytes.len() as u64, None)));
}

#[test]
fn every_cut_is_an_error_or_leaves_it_open() {
    for (needs, is_open) in [(29, false), (20, true)] {
        let [a, b] = [file("a", needs, b"one"), file("b", needs, b"two")];
        let ends = [0, a.len(), a.len() + b.len()].map(|length| MARK.len() + 13 + length);
        let bytes = archive(&[a, b], &end_block(0));
        for length in 0..bytes.len() {
            let (_, whole) = walked(&bytes[..length], Rar4::new);
            // Before the first entry nothing says how old it is.
            let may_be_open = ends.contains(&length) && (is_open || length == ends[0]);
            assert_eq!(whole.is_ok_and(|whole| whole.open.is_some()), may_be_open, "{length}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_header_is_damage() {
    let bytes = archive(&[file("a", 29, b"")], &end_block(0));
    for place in MARK.len()..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(walked(&changed, Rar4::new).1.is_err(), "{place}");
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    for flags in [1, 2] {
        let bytes = archive(&[entry(b"a", flags, 29, 0, b"one")], &end_block(0));
        assert_eq!(refused(&bytes), A_VOLUME);
    }
    assert_eq!(refused(&archive(&[], &end_block(GOES_ON))), A_VOLUME);
    assert_eq!(refused(&[MARK, &main_block(IS_VOLUME)].concat()), A_VOLUME);
    let first = [MARK, &main_block(IS_VOLUME | IS_FIRST_VOLUME)].concat();
    assert!(walked(&[&first[..], &end_block(0)].concat(), Rar4::new).1.is_ok(), "a set of one");
    assert_eq!(refused(&first), CUT);
    assert_eq!(refused(&[MARK, &main_block(IS_ENCRYPTED)].concat()), ENCRYPTED_HEADERS);
    let bytes = archive(&[entry(b"a", HAS_PASSWORD, 29, 0, b"one")], &end_block(0));
    assert_eq!(refused(&bytes), ENCRYPTED);
}

#[test]
fn a_name_in_a_coding_is_for_libarchive_to_read() {
    let bytes = archive(&[entry(b"a\0xyz", IS_UNICODE, 29, 0, b"")], &end_block(0));
    assert_eq!(walked(&bytes, Rar4::new).0[0].0.name, None);
}
