//! Tars that the usual tools make, and what becomes of them when they are cut or changed.

use std::path::Path;
use std::process::Command;

use super::pax::tests::records as pax;
use super::*;
use crate::archive::structure::Walk;

/// The entries, and what the walk came to.
fn walked(bytes: &[u8], ignore_zeros: bool) -> (Vec<Listed>, Result<Whole, Broken>) {
    let mut walk = Walk::new(Box::new(Tar::new(ignore_zeros)));
    for (index, piece) in bytes.chunks(1000).enumerate() {
        walk.pass(index as u64 * 1000, piece);
    }
    let outcome = walk.finish();
    (std::iter::from_fn(|| walk.entry()).collect(), outcome)
}

fn walk(bytes: &[u8]) -> Result<Whole, Broken> {
    walked(bytes, false).1
}

/// A header with a right sum.
fn header(name: &str, kind: u8, size: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    for (at, text) in [(100, "0000644"), (108, "0000000"), (116, "0000000"), (136, "00000000000")] {
        block[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    sum(&mut block);
    block
}

fn sum(block: &mut [u8; BLOCK]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn entry(name: &str, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, kind, body.len()).to_vec();
    bytes.extend(body);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn listed(name: &str, size: u64) -> Listed {
    Listed { name: Some(name.into()), size: Some(size) }
}

const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What the usual tools make tars with, in the directory with what is to be in them.
const TARS: [&[&str]; 7] = [
    &["tar", "--format=gnu", "--sparse"],
    &["tar", "--format=posix", "--sparse", "--sparse-version=0.0"],
    &["tar", "--format=posix", "--sparse", "--sparse-version=0.1"],
    &["tar", "--format=posix", "--sparse", "--sparse-version=1.0"],
    &["tar", "--format=v7"],
    &["bsdtar", "--format=pax"],
    &["bsdtar", "--format=ustar"],
];

fn packed(directory: &Path, tar: &[&str]) -> Vec<u8> {
    let mut command = Command::new(tar[0]);
    command.args(&tar[1..]).args(["-cf", "-", "."]).current_dir(directory);
    let output = command.output().expect("a tool that scripts/prepare.sh installs");
    assert!(output.status.success(), "{tar:?}");
    output.stdout
}

/// A tree with everything that has a header of its own kind.
fn grow(directory: &Path, is_v7: bool) {
    std::fs::create_dir(directory.join("directory")).expect("made");
    std::fs::write(directory.join("directory/a"), [7; 3000]).expect("written");
    std::fs::write(directory.join("empty"), []).expect("written");
    std::fs::hard_link(directory.join("directory/a"), directory.join("again")).expect("made");
    std::os::unix::fs::symlink("directory/a", directory.join("link")).expect("made");
    if !is_v7 {
        let long = "long".repeat(40);
        std::fs::write(directory.join(&long), b"x").expect("written");
        std::os::unix::fs::symlink("t".repeat(150), directory.join("far")).expect("made");
        // Thirty parts, so that GNU tar needs more than its first header.
        let sparse = std::fs::File::create(directory.join("sparse")).expect("made");
        for part in 0..30 {
            let at = part * 64 * 1024;
            std::os::unix::fs::FileExt::write_all_at(&sparse, b"part", at).expect("written");
        }
        sparse.set_len(3 << 20).expect("longer");
    }
}

#[test]
fn tars_of_the_usual_tools_are_whole_and_every_cut_shows() {
    for tar in TARS {
        let directory = tempfile::tempdir().expect("a directory");
        grow(directory.path(), tar.contains(&"--format=v7") || tar.contains(&"--format=ustar"));
        let bytes = packed(directory.path(), tar);
        let (entries, outcome) = walked(&bytes, false);
        let whole = outcome.unwrap_or_else(|broken| panic!("{tar:?}: {broken:?}"));
        assert_eq!(whole.open, None, "{tar:?}");
        assert!(entries.len() > 4, "{tar:?}");
        assert!(is_zero(&bytes[usize::try_from(whole.end).expect("in memory")..]), "{tar:?}");
        let end = usize::try_from(whole.end).expect("in memory");
        for length in (0..end).step_by(BLOCK).chain((1..end).step_by(199)).chain([end - 1]) {
            match walk(&bytes[..length]) {
                Ok(cut) => assert!(cut.open.is_some(), "{tar:?}, {length}"),
                Err(Broken(why)) => assert!(why.starts_with("is cut short"), "{why}"),
            }
        }
    }
}

#[test]
fn an_end_mark_is_two_blocks_of_zeros() {
    let file = entry("a", b'0', b"content");
    let end = (file.len() + 2 * BLOCK) as u64;
    let of = |after: &[u8]| walk(&[&file[..], after].concat());
    assert_eq!(of(&END), Ok(Whole { end, ..Whole::default() }));
    // What follows is not the tar's.
    assert_eq!(of(&[&END[..], b"anything"].concat()), Ok(Whole { end, ..Whole::default() }));
    let open = |end: u64, open| Ok(Whole { end, open: Some(open), ..Whole::default() });
    assert_eq!(of(b""), open(end - 1024, NO_MARK));
    for after in [0, 1, 511] {
        assert_eq!(of(&END[..BLOCK + after]), open(end - 512, HALF_A_MARK));
    }
    assert_eq!(of(&[&END[..BLOCK], b"anything"].concat()), open(end - 512, HALF_A_MARK));
    assert!(of(&END[..BLOCK - 1]).is_err());
}

#[test]
fn with_ignore_zeros_a_tar_goes_on_behind_its_end() {
    let (one, two) = (entry("a", b'0', b"1"), entry("b", b'0', b"2"));
    let bytes = [&one[..], &END, &END, &two, &END].concat();
    assert_eq!(walked(&bytes, false).0, [listed("a", 1)]);
    let (entries, whole) = walked(&bytes, true);
    assert_eq!(entries, [listed("a", 1), listed("b", 1)]);
    assert_eq!(whole, Ok(Whole { end: bytes.len() as u64, ..Whole::default() }));
    let cut = &bytes[..bytes.len() - END.len()];
    assert_eq!(walked(cut, true).1.expect("no damage").open, Some(NO_MARK));
    let not_a_tar = [&one[..], &END, &[b'x'; BLOCK]].concat();
    assert!(walked(&not_a_tar, true).1.is_err());
}

#[test]
fn a_header_that_announces_an_entry_has_to_be_followed_by_it() {
    let records = entry("pax", b'x', &pax(&[("path", "z")]));
    let global = entry("pax", b'g', &pax(&[("comment", "a")]));
    let name = entry("././@LongLink", b'L', b"long\0");
    let file = entry("a", b'0', b"1");
    for before in [&records, &name] {
        for after in [&b""[..], &END] {
            assert!(walk(&[before, after].concat()).is_err());
        }
        assert!(walk(&[before, &file[..], &END].concat()).is_ok());
        assert!(walk(&[before, before, &file[..], &END].concat()).is_err());
    }
    assert!(walk(&[&records[..], &name, &file, &END].concat()).is_err());
    assert_eq!(walk(&global).expect("between two entries").open, Some(NO_MARK));
    assert_eq!(walk(&[&global[..], &END].concat()).expect("empty").open, None);
    for length in 513..global.len() {
        assert!(walk(&global[..length]).is_err(), "{length}");
    }
}

#[test]
fn readers_that_disagree_are_not_believed() {
    let file = entry("a", b'0', b"1");
    let with = |records: &[(&str, &str)], file: &[u8]| {
        walk(&[&entry("pax", b'x', &pax(records))[..], file, &END].concat())
    };
    // A target makes a link of a file for some.
    let both = [("path", "z"), ("linkpath", "b")];
    assert!(with(&both, &file).is_err());
    assert!(with(&both, &entry("a", b'2', b"")).is_ok());
    assert!(with(&both, &entry("a", b'1', b"")).is_ok());
    // Some know no names and sizes for all entries.
    for record in [("path", "z"), ("size", "1"), ("linkpath", "b")] {
        let global = entry("pax", b'g', &pax(&[record]));
        assert!(walk(&[&global[..], &file, &END].concat()).is_err());
    }
    // Some look for content behind what has none.
    assert!(with(&[("size", "1")], &entry("a", b'5', b"")).is_err());
    assert!(walk(&[&entry("a/", b'0', b"1")[..], &END].concat()).is_err());
    assert!(walk(&[&entry("a", b'M', b"1")[..], &END].concat()).is_err());
}

#[test]
fn sizes_of_pax_headers_and_in_bytes_count() {
    let body = [b'y'; 700];
    let mut large = header("large", b'0', 0);
    large[124..136].copy_from_slice(b"\x80\0\0\0\0\0\0\0\0\0\x02\xbc");
    sum(&mut large);
    let filled = [&body[..], &[0; 324]].concat();
    let bytes = [&large[..], &filled, &END].concat();
    assert_eq!(walked(&bytes, false).0, [listed("large", 700)]);
    let records = entry("pax", b'x', &pax(&[("size", "700"), ("path", "another name")]));
    let bytes = [&records[..], &header("x", b'0', 3), &filled, &END].concat();
    let (entries, whole) = walked(&bytes, false);
    assert_eq!(entries, [listed("another name", 700)]);
    assert_eq!(whole.expect("good").end, bytes.len() as u64);
}

#[test]
fn the_body_of_a_hard_link_counts_where_it_is_there() {
    let file = entry("b", b'0', b"1");
    for size in [5, 512, 513] {
        let body = vec![b'y'; size];
        let link = entry("a", b'1', &body);
        // Followed by a header, there is no body.
        let bytes = [&link[..BLOCK], &file, &END].concat();
        assert_eq!(walk(&bytes).expect("good").end, bytes.len() as u64, "{size}");
        let bytes = [&link[..], &file, &END].concat();
        let (entries, whole) = walked(&bytes, false);
        assert_eq!(whole.expect("good").end, bytes.len() as u64, "{size}");
        assert_eq!(entries.len(), 2);
        let records = entry("pax", b'x', &pax(&[("path", "z")]));
        let bytes = [&records[..], &link, &file, &END].concat();
        assert_eq!(walk(&bytes).expect("good").end, bytes.len() as u64, "{size}");
    }
}

#[test]
fn a_map_that_is_not_that_of_the_content_is_damage() {
    let map = |real_size: &str, map: Option<&str>, size: usize| {
        let mut records = vec![("GNU.sparse.size", real_size)];
        records.extend(map.map(|map| ("GNU.sparse.map", map)));
        let header = entry("pax", b'x', &pax(&records));
        walk(&[&header[..], &entry("a", b'0', &vec![b'y'; size]), &END].concat())
    };
    let good = Some("0,2,5,3");
    assert!(map("10", good, 5).is_ok());
    // Content that no reader would show, and content that is not there.
    assert!(map("10", good, 6).is_err());
    assert!(map("10", good, 4).is_err());
    assert!(map("7", good, 5).is_err());
    assert!(map("10", None, 5).is_err());
}

#[test]
fn the_bytes_of_holes_of_solaris_are_zeros() {
    let made = |map: &str, body: &[u8]| {
        let records = pax(&[("SUN.holesdata", map)]);
        [entry("pax", b'x', &records), entry("a", b'0', body), END.to_vec()].concat()
    };
    for (length, first, map) in [
        (2000, 7, " 0 600 1000 2000"),
        // A hole is at the end.
        (1536, 7, " 0 600 1536 1536"),
        (1536, 0, " 0 0 1536 1536"),
    ] {
        let mut body = vec![0; length];
        body[0] = first;
        let bytes = made(map, &body);
        let (entries, whole) = walked(&bytes, false);
        assert_eq!(entries, [listed("a", length as u64)], "{map}");
        assert_eq!(whole, Ok(Whole { end: bytes.len() as u64, ..Whole::default() }), "{map}");
        for cut in (0..bytes.len() - 2 * BLOCK).step_by(100) {
            assert!(!walk(&bytes[..cut]).is_ok_and(|whole| whole.open.is_none()), "{cut}");
        }
        body[700] = 1;
        assert_eq!(
            walk(&made(map, &body)),
            Broken::because("has a sparse file with content where it says that there is none")
        );
    }
    for map in [" 0 600 1000 2001", " 0 2000 1000", "0 2000", ""] {
        assert!(walk(&made(map, &[0; 2000])).is_err(), "{map}");
    }
}
