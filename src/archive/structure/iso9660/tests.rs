use super::*;
use crate::archive::structure::testing::pulled;

/// A record of a directory, as ECMA-119, section 9.1, has it.
fn entry(name: &[u8], sector: u32, size: u32, flags: u8, fields: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 33];
    bytes[2..6].copy_from_slice(&sector.to_le_bytes());
    bytes[10..14].copy_from_slice(&size.to_le_bytes());
    (bytes[25], bytes[28], bytes[32]) = (flags, 1, u8::try_from(name.len()).expect("short"));
    bytes.extend(name);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes.extend(fields);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes[0] = u8::try_from(bytes.len()).expect("short");
    bytes
}

fn descriptor(kind: u8, sectors: u32, root: u32) -> Vec<u8> {
    let mut bytes = vec![0; SECTOR];
    bytes[0] = kind;
    bytes[1..7].copy_from_slice(b"CD001\x01");
    bytes[80..84].copy_from_slice(&sectors.to_le_bytes());
    bytes[124] = 1;
    bytes[128..130].copy_from_slice(&2048_u16.to_le_bytes());
    bytes[158..162].copy_from_slice(&root.to_le_bytes());
    if kind == 2 {
        bytes[88..91].copy_from_slice(b"%/E");
    }
    bytes
}

/// How many sectors an image has here, and where the roots of its two trees are.
const SECTORS: u32 = 40;
const ROOT: u32 = 20;
const JOLIET: u32 = 21;

/// A directory: its sector, the fields of its own record, and its other records.
type Directory<'d> = (u32, &'d [u8], Vec<Vec<u8>>);

/// An image whose directories have these records, besides those for themselves. Files may lie in sectors
/// from 30 on.
fn image(directories: &[Directory<'_>]) -> Vec<u8> {
    let mut bytes = vec![0; SECTORS as usize * SECTOR];
    let mut put = |sector: u32, content: &[u8]| {
        let at = sector as usize * SECTOR;
        bytes[at..at + content.len()].copy_from_slice(content);
    };
    put(16, &descriptor(1, SECTORS, ROOT));
    let has_joliet = directories.iter().any(|(sector, ..)| *sector == JOLIET);
    put(17, &descriptor(if has_joliet { 2 } else { 255 }, SECTORS, JOLIET));
    put(18, &descriptor(255, 0, 0));
    for (sector, fields, records) in directories {
        let own = [entry(b"\0", *sector, 2048, 2, fields), entry(b"\x01", ROOT, 2048, 2, b"")];
        put(*sector, &[own.concat(), records.concat()].concat());
    }
    bytes
}

fn file(name: &[u8], sector: u32, size: u32) -> Vec<u8> {
    entry(name, sector, size, 0, b"")
}

fn walked(bytes: &[u8]) -> Result<Whole, Broken> {
    pulled(&mut Iso9660::default(), bytes).1
}

/// How many entries there are in an image of one tree.
fn counted(records: Vec<Vec<u8>>) -> Result<Option<u64>, Broken> {
    walked(&image(&[(ROOT, b"", records)])).map(|whole| whole.entries)
}

const ROCK_RIDGE: &[u8] = b"SP\x07\x01\xbe\xef\0TF\x05\x01\0";

/// What Rock Ridge says of a file of this mode and number.
fn posix(mode: u32, number: u32) -> Vec<u8> {
    let both = |value: u32| [value.to_le_bytes(), value.to_be_bytes()].concat();
    [b"PX\x2c\x01".to_vec(), both(mode), both(1), both(0), both(0), both(number)].concat()
}

#[test]
fn a_tree_is_walked_and_counted() {
    let records =
        vec![entry(b"DIR", 22, 2048, 2, b""), file(b"A.;1", 30, 5000), file(b"B.;1", 33, 0)];
    let inner = vec![file(b"C.;1", 34, 1)];
    let whole = walked(&image(&[(ROOT, b"", records), (22, b"", inner)]));
    let end = u64::from(SECTORS) * SECTOR as u64;
    assert_eq!(whole, Ok(Whole { end, entries: Some(5), ..Whole::default() }));
}

#[test]
fn a_cut_image_is_broken_wherever_it_is_cut() {
    let bytes = image(&[(ROOT, b"", vec![file(b"A", 30, 5000)])]);
    for length in (0..bytes.len()).step_by(511).chain([bytes.len() - 1]) {
        assert!(walked(&bytes[..length]).is_err(), "{length}");
    }
    assert!(walked(&bytes).is_ok());
}

#[test]
fn another_tree_is_broken_unless_its_files_are_those_that_are_shown() {
    let (a, b) = (file(b"A", 30, 5), file(b"B", 31, 5));
    let joliet = |primary: &[&Vec<u8>], fields: &[u8], other: &[&Vec<u8>]| {
        let [primary, other] =
            [primary, other].map(|records| records.iter().map(|&it| it.clone()).collect());
        walked(&image(&[(ROOT, fields, primary), (JOLIET, b"", other)])).map(|it| it.entries)
    };
    // Joliet is shown where there is no Rock Ridge.
    assert_eq!(joliet(&[&a], b"", &[&a, &b]), Ok(Some(3)));
    assert!(joliet(&[&a, &b], b"", &[&a]).is_err());
    assert_eq!(joliet(&[&a, &b], ROCK_RIDGE, &[&a]), Ok(Some(3)));
    assert!(joliet(&[&a], ROCK_RIDGE, &[&a, &b]).is_err());
}

#[test]
fn what_stands_beside_the_trees_is_broken() {
    let bytes = image(&[(ROOT, b"", vec![])]);
    let with = |at: usize, mark: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + mark.len()].copy_from_slice(mark);
        walked(&bytes)
    };
    for mark in [b"NSR02", b"NSR03"] {
        for at in [18, 19, 33] {
            let why = "has a UDF tree beside its ISO 9660 tree, which is not read";
            assert_eq!(with(at * SECTOR + 1, mark), Broken::because(why));
        }
    }
    for mark in [b"BD", b"H+", b"HX"] {
        assert!(with(1024, mark).is_err());
        // Within a partition of Apple's map.
        let mut bytes = bytes.clone();
        bytes[512..524].copy_from_slice(b"PM\0\0\0\0\0\x01\0\0\0\x40");
        assert!(walked(&bytes).is_ok());
        let at = 0x40 * 512 + 1024;
        bytes[at..at + 2].copy_from_slice(mark);
        assert!(walked(&bytes).is_err());
    }
}

#[test]
fn parts_of_a_file_are_one_entry_and_stand_together() {
    let part = |name: &[u8], sector, flags| entry(name, sector, 2048, flags, b"");
    assert_eq!(counted(vec![part(b"A", 30, 0x80), part(b"A", 31, 0)]), Ok(Some(2)));
    for apart in [
        vec![part(b"A", 30, 0x80), part(b"B", 31, 0)],
        vec![part(b"A", 30, 0x80)],
        vec![part(b"A", 30, 0x80), part(b"A", 31, 2)],
    ] {
        assert!(counted(apart).is_err());
    }
}

#[test]
fn what_has_one_number_is_one_file() {
    assert!(counted(vec![file(b"A", 30, 5), file(b"B", 30, 5)]).is_ok());
    assert!(counted(vec![file(b"A", 30, 5), file(b"B", 30, 6)]).is_err());
    let rock_ridge = |one: Vec<u8>, other: Vec<u8>| {
        walked(&image(&[(ROOT, ROCK_RIDGE, vec![one, other])])).map(|whole| whole.entries)
    };
    let numbered =
        |name: &[u8], sector, size, number| entry(name, sector, size, 0, &posix(0o100_644, number));
    assert_eq!(rock_ridge(numbered(b"A", 30, 5, 1), numbered(b"B", 30, 5, 1)), Ok(Some(3)));
    assert_eq!(rock_ridge(numbered(b"A", 30, 5, 1), numbered(b"B", 31, 5, 2)), Ok(Some(3)));
    assert!(rock_ridge(numbered(b"A", 30, 5, 1), numbered(b"B", 31, 5, 1)).is_err());
    assert!(rock_ridge(numbered(b"A", 30, 5, 1), numbered(b"B", 31, 0, 1)).is_err());
}

#[test]
fn fields_are_followed_to_where_they_go_on() {
    let continued = |offset: u32, length: u32| {
        let numbers = [25, offset, length]
            .map(|value: u32| [value.to_le_bytes(), value.to_be_bytes()].concat());
        [b"CE\x1c\x01".to_vec(), numbers.concat()].concat()
    };
    let records = |second: u32| {
        vec![
            entry(b"A", 30, 5, 0, &continued(0, 44)),
            entry(b"B", 31, 5, 0, &posix(0o100_644, second)),
        ]
    };
    let mut bytes = image(&[(ROOT, ROCK_RIDGE, records(2))]);
    bytes[25 * SECTOR..25 * SECTOR + 44].copy_from_slice(&posix(0o100_644, 1));
    assert!(walked(&bytes).is_ok());
    bytes[25 * SECTOR..25 * SECTOR + 44].copy_from_slice(&posix(0o100_644, 2));
    assert!(walked(&bytes).is_err());
    // Fields that lead to themselves.
    bytes[25 * SECTOR..25 * SECTOR + 28].copy_from_slice(&continued(0, 44));
    assert!(walked(&bytes).is_err());
}

#[test]
fn what_a_reader_would_not_show_is_broken() {
    let extended = |change: fn(&mut Vec<u8>)| {
        let mut record = file(b"A", 30, 5);
        change(&mut record);
        record
    };
    for hidden in [
        extended(|record| record[1] = 1),
        extended(|record| record[26] = 1),
        extended(|record| record[27] = 1),
        extended(|record| record[28] = 2),
        extended(|record| record[0] = 20),
        file(b"A", 39, 2049),
        entry(b"SELF", ROOT, 2048, 2, b""),
    ] {
        assert!(counted(vec![hidden]).is_err());
    }
    // A record that reaches beyond its sector.
    let many = (0..57).map(|number| entry(b"A", 30 + number % 8, 5, 0, b"")).collect::<Vec<_>>();
    let used = many.concat().len() + 68;
    let last = |length: usize| {
        let mut record = vec![0; SECTOR - used];
        record[..34].copy_from_slice(&file(b"A", 30, 5));
        record[0] = u8::try_from(length).expect("short");
        counted([many.clone(), vec![record]].concat())
    };
    assert!(last(SECTOR - used).is_ok());
    assert!(last(SECTOR - used + 2).is_err());
    let hidden = |fields: Vec<u8>, size, flags| {
        let record = entry(b"A", 30, size, flags, &fields);
        walked(&image(&[(ROOT, ROCK_RIDGE, vec![record])]))
    };
    assert!(hidden(posix(0o040_755, 1), 5, 0).is_err());
    assert!(hidden(posix(0o020_644, 1), 5, 0).is_err());
    assert!(hidden(posix(0o020_644, 1), 0, 0).is_ok());
    assert!(hidden(posix(0o120_777, 1), 5, 0).is_ok());
}
