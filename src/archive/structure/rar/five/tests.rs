use super::super::super::walked::{broken, names, walked};
use super::*;

fn number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let bits = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= 7;
        if number == 0 {
            bytes.push(bits);
            return bytes;
        }
        bytes.push(bits | 0x80);
    }
}

fn numbers(all: &[u64]) -> Vec<u8> {
    all.iter().copied().flat_map(number).collect()
}

fn block(body: &[u8]) -> Vec<u8> {
    let header = [&number(body.len() as u64), body].concat();
    let mut checksum = Crc::new();
    checksum.update(&header);
    [&checksum.sum().to_le_bytes(), &header[..]].concat()
}

fn main_block() -> Vec<u8> {
    block(&numbers(&[MAIN, 0, 0]))
}

fn end_block(flags: u64) -> Vec<u8> {
    block(&numbers(&[END, 0, flags]))
}

/// A file's block: flags of the header, flags of the file, the size that it says, and records.
fn file_block(name: &str, flags: [u64; 2], size: u64, records: &[u8], data: &[u8]) -> Vec<u8> {
    let [header, file] = flags;
    let is_extra = u64::from(!records.is_empty());
    let mut body = numbers(&[FILE, header | HAS_DATA | is_extra]);
    if is_extra > 0 {
        body.extend(number(records.len() as u64));
    }
    body.extend(numbers(&[data.len() as u64, file, size, 0o100_644, 0, 1, name.len() as u64]));
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(records);
    [block(&body), data.to_vec()].concat()
}

pub(in super::super) fn file(name: &str, data: &[u8]) -> Vec<u8> {
    file_block(name, [0, 0], data.len() as u64, b"", data)
}

/// A directory's block, with these flags of its header.
pub(in super::super) fn directory(name: &str, flags: u64) -> Vec<u8> {
    let mut body = numbers(&[FILE, flags]);
    if flags & HAS_DATA != 0 {
        body.push(0);
    }
    body.extend(numbers(&[IS_DIRECTORY, 0, 0o40_755, 0, 1, name.len() as u64]));
    body.extend_from_slice(name.as_bytes());
    block(&body)
}

/// A link of Windows to a directory, without a data area.
pub(in super::super) fn link_to_directory(name: &str) -> Vec<u8> {
    let mut record = numbers(&[REDIRECTION_RECORD, JUNCTION, 1, 1]);
    record.push(b'd');
    let record = [number(record.len() as u64), record].concat();
    let mut body = numbers(&[FILE, HAS_EXTRA, record.len() as u64, IS_DIRECTORY, 0, 0, 0, 1]);
    body.extend(number(name.len() as u64));
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(&record);
    block(&body)
}

fn reference(name: &str, kind: u64, target: &str) -> Vec<u8> {
    let mut record = numbers(&[REDIRECTION_RECORD, kind, 0, target.len() as u64]);
    record.extend_from_slice(target.as_bytes());
    let record = [number(record.len() as u64), record].concat();
    file_block(name, [0, 0], 3, &record, b"")
}

pub(in super::super) fn archive(blocks: &[Vec<u8>]) -> Vec<u8> {
    [MARK.to_vec(), main_block(), blocks.concat(), end_block(0)].concat()
}

fn refused(bytes: &[u8]) -> String {
    broken(bytes, Rar5::new)
}

#[test]
fn entries_and_the_end_are_found() {
    let service = block(&numbers(&[SERVICE, HAS_DATA, 4, 0, 4, 0, 0, 1, 3]));
    // Its data follows it.
    let service = [&service[..], b"note"].concat();
    let bytes = archive(&[file("a", b"one"), service, file("d/b", &[7; 3000])]);
    let (listed, whole) = walked(&[&bytes[..], b"behind"].concat(), Rar5::new);
    assert_eq!(names(&listed), ["a", "d/b"]);
    assert_eq!(listed[1].0.size, Some(3000));
    assert_eq!(whole.map(|whole| (whole.end, whole.open)), Ok((bytes.len() as u64, None)));
}

#[test]
fn every_cut_is_cut_short() {
    let bytes = archive(&[file("a", b"one"), file("b", b"two")]);
    for length in 0..bytes.len() {
        assert!(walked(&bytes[..length], Rar5::new).1.is_err(), "{length}");
    }
    assert_eq!(refused(&bytes[..bytes.len() - 8]), CUT);
}

#[test]
fn every_flipped_bit_of_a_header_is_damage() {
    let bytes = archive(&[file("a", b"")]);
    for place in MARK.len()..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(walked(&changed, Rar5::new).1.is_err(), "{place}");
    }
}

#[test]
fn references_are_what_they_refer_to() {
    let kinds = [
        (UNIX_LINK, ShownKind::Symlink(b"a".to_vec())),
        (WINDOWS_LINK, ShownKind::Symlink(b"a".to_vec())),
        (JUNCTION, ShownKind::Symlink(b"a".to_vec())),
        (HARD_LINK, ShownKind::HardLink(b"a".to_vec())),
        (COPY, ShownKind::HardLink(b"a".to_vec())),
    ];
    for (kind, expected) in kinds {
        let (listed, _) =
            walked(&archive(&[file("a", b"one"), reference("b", kind, "a")]), Rar5::new);
        let instead = listed[1].1.instead.kind.clone();
        assert_eq!(instead, Some(expected), "{kind}");
    }
    let unknown = archive(&[reference("b", 6, "a")]);
    assert!(refused(&unknown).contains("unknown kind, 'b'"), "{}", refused(&unknown));
}

#[test]
fn the_content_of_a_directory_is_not_asked_for() {
    let bytes = archive(&[file_block("d", [0, IS_DIRECTORY], 0, b"", b"")]);
    let (listed, _) = walked(&bytes, Rar5::new);
    assert_eq!(listed[0].1.instead.kind, Some(ShownKind::Directory));
}

#[test]
fn what_cannot_be_compared_says_why() {
    let volume = [MARK.to_vec(), block(&numbers(&[MAIN, 0, IS_VOLUME | HAS_VOLUME_NUMBER, 1]))];
    assert_eq!(refused(&volume.concat()), A_VOLUME);
    let goes_on = [MARK.to_vec(), main_block(), end_block(GOES_ON)];
    assert_eq!(refused(&goes_on.concat()), A_VOLUME);
    for split in [8, 16] {
        let bytes = archive(&[file_block("a", [split, 0], 3, b"", b"one")]);
        assert_eq!(refused(&bytes), A_VOLUME);
    }
    let first = [MARK.to_vec(), block(&numbers(&[MAIN, 0, IS_VOLUME])), end_block(0)].concat();
    assert!(walked(&first, Rar5::new).1.is_ok(), "a set of one");
    let encrypted = [MARK.to_vec(), block(&numbers(&[ENCRYPTION, 0, 0]))].concat();
    assert_eq!(refused(&encrypted), ENCRYPTED_HEADERS);
    let record = [number(1), number(ENCRYPTION_RECORD)].concat();
    let bytes = archive(&[file_block("a", [0, 0], 3, &record, b"one")]);
    assert_eq!(refused(&bytes), ENCRYPTED);
    let unknown = archive(&[block(&numbers(&[9, 0]))]);
    assert!(refused(&unknown).contains("unknown type 9"));
    let skipped = archive(&[block(&numbers(&[9, MAY_BE_SKIPPED]))]);
    assert!(walked(&skipped, Rar5::new).1.is_ok());
    let bytes = archive(&[file_block("a", [0, SIZE_IS_UNKNOWN], 3, b"", b"one")]);
    assert!(refused(&bytes).contains("unknown size"));
}

#[test]
fn a_program_may_stand_in_front() {
    let bytes = archive(&[file("a", b"one")]);
    let front = [b"MZ\x90Rar!\x1a\x07".to_vec(), vec![0; 70_000]].concat();
    let all = [&front[..], &bytes].concat();
    let (listed, whole) = walked(&all, Rar5::new);
    assert_eq!(names(&listed), ["a"]);
    assert_eq!(whole.map(|whole| whole.end), Ok(all.len() as u64));
}

#[test]
fn a_directory_without_a_data_area_is_no_entry_and_nothing_else_may_be_without() {
    let blocks = [directory("d", 0), file("a", b"one"), directory("e", HAS_DATA)];
    let (listed, whole) = walked(&archive(&blocks), Rar5::new);
    assert_eq!((names(&listed), whole.is_ok()), (vec!["a".to_owned(), "e".to_owned()], true));
    let (_, whole) = walked(&archive(&[link_to_directory("d")]), Rar5::new);
    assert_eq!(whole, Broken::because("has an entry without a data area, 'd'"));
}

#[test]
fn a_digest_of_the_content_is_told_of_and_no_other_kind_of_it_is_known() {
    let digest = |kind: u64, length: usize| {
        let record = [numbers(&[DIGEST_RECORD, kind]), vec![7; length]].concat();
        let record = [number(record.len() as u64), record].concat();
        archive(&[file_block("a", [0, 0], 3, &record, b"one")])
    };
    let (listed, whole) = walked(&digest(BLAKE2SP, 32), Rar5::new);
    assert!(whole.is_ok());
    assert_eq!(listed[0].1.blake2sp.as_deref(), Some(&[7; 32]));
    assert!(refused(&digest(1, 32)).contains("digest of an unknown kind, 'a'"));
    assert!(refused(&digest(BLAKE2SP, 31)).contains("makes no sense"));
}
