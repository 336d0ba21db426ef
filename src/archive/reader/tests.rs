//! Whatever cannot be read is that failure, and never an archive with fewer entries.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::archive::libarchive::Libarchive;
use crate::archive::zip::Begins;
use crate::content::{Chunk, Extent, ReadAt, Reader};
use crate::error::Error;
use crate::options::ArchiveLimits;
use crate::run::context::Call;
use crate::sys::libarchive::{Filters, Reads};

/// Bytes of which one cannot be read.
struct Faulty<'f> {
    name: Name,
    bytes: &'f [u8],
    fault: usize,
    position: usize,
    /// Was reading it tried?
    hit: &'f AtomicBool,
}

impl Faulty<'_> {
    fn failure(&self) -> Error {
        self.hit.store(true, Ordering::Relaxed);
        Error::read(&self.name, "the disk has a fault")
    }
}

impl ReadAt for Faulty<'_> {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.bytes.len() as u64 })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).expect("within the bytes");
        let range = start..start + buffer.len();
        if range.contains(&self.fault) {
            return Err(self.failure());
        }
        buffer.copy_from_slice(&self.bytes[range]);
        Ok(())
    }
}

impl Reader for Faulty<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.position == self.fault {
            return Err(self.failure());
        }
        let rest = &self.bytes[self.position..];
        let until_fault = self.fault.checked_sub(self.position).unwrap_or(rest.len());
        match rest.len().min(until_fault).min(100) {
            0 => Ok(Chunk::End),
            length => Ok(Chunk::Bytes(&rest[..length])),
        }
    }

    fn consume(&mut self, length: u64) {
        self.position += usize::try_from(length).expect("no more than a chunk");
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

/// How many entries there are.
fn read_all(bytes: Bytes<'_>) -> Result<usize> {
    let call = Call::new(None);
    let context = Context::new(&call);
    let options = Options::default();
    let mut archive = ArchiveReader::open(bytes, &"faulty".into(), None, &options, &context)?;
    let mut entries = 0;
    while archive.next()?.is_some() {
        archive.content(|_| Ok(()))?;
        entries += 1;
    }
    Ok(entries)
}

/// Packs three files, the last of which is empty, into an archive of this kind.
fn pack(directory: &Path, kind: &str) -> Vec<u8> {
    let noise: Vec<u8> = (0_u64..20_000)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(n | 1).to_be_bytes()[2])
        .collect();
    for (name, content) in [("a", &noise[..]), ("b", &noise[..700]), ("c", &[])] {
        std::fs::write(directory.join(name), content).expect("written");
    }
    let archive = directory.join(kind);
    let mut command = Command::new("bsdtar");
    command.arg("-a").arg("-cf").arg(&archive).arg("-C").arg(directory).args(["a", "b", "c"]);
    assert!(command.status().expect("bsdtar, which scripts/prepare.sh installs").success());
    std::fs::read(archive).expect("just written")
}

#[test]
fn what_cannot_be_read_is_never_taken_for_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let kinds =
        ["x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz", "x.tar.zst", "x.cpio", "x.zip", "x.7z"];
    for kind in kinds {
        let bytes = pack(directory.path(), kind);
        let mut hits = 0;
        for fault in (0..bytes.len()).step_by(61).chain([bytes.len() - 1, usize::MAX]) {
            for in_order in [false, true] {
                let hit = AtomicBool::new(false);
                let (name, position) = ("faulty".into(), 0);
                let faulty = Faulty { name, bytes: &bytes, fault, position, hit: &hit };
                let outcome = read_all(if in_order {
                    Bytes::Stream(Box::new(faulty), "this is a test")
                } else {
                    Bytes::Anywhere(Box::new(faulty))
                });
                if hit.load(Ordering::Relaxed) {
                    hits += 1;
                    let failure = Error::read(&"faulty".into(), "the disk has a fault");
                    assert_eq!(outcome, Err(failure), "{kind}, at {fault}, in order: {in_order}");
                } else if !in_order {
                    assert_eq!(outcome, Ok(3), "{kind}, at {fault}");
                }
            }
        }
        assert!(hits > 100, "{kind}: {hits}");
    }
}

/// What zips are made with, in the directory with what is to be in them.
const ZIPPERS: [&[&str]; 5] = [
    &["zip", "-qry"],
    &["zip", "-qry0"],
    &["bsdtar", "--format=zip", "-cf"],
    &["7z", "a", "-tzip", "-snl", "-bso0"],
    &["python3", "-m", "zipfile", "-c"],
];

fn zipped(directory: &Path, zipper: &[&str]) -> Vec<u8> {
    let archive = directory.with_extension("zip");
    let _ = std::fs::remove_file(&archive);
    let mut command = Command::new(zipper[0]);
    command.args(&zipper[1..]).arg(&archive).arg(".").current_dir(directory);
    assert!(command.status().expect("a tool that scripts/prepare.sh installs").success());
    std::fs::read(archive).expect("just written")
}

fn looked_at(bytes: &[u8]) -> Begins {
    let (name, position, hit) = ("x.zip".into(), 0, AtomicBool::new(false));
    let whole = Faulty { name, bytes, fault: usize::MAX, position, hit: &hit };
    let (call, meter) = (Call::new(None), Meter::new("x.zip".into(), ArchiveLimits::default()));
    Begins::look(&whole, &meter, &Context::new(&call)).expect("it can be read")
}

fn is_plain(bytes: &[u8]) -> bool {
    matches!(looked_at(bytes), Begins::Zip(index) if index.is_plain)
}

#[test]
fn what_the_usual_tools_make_of_the_usual_files_is_read_without_libarchive() {
    let directory = tempfile::tempdir().expect("a directory");
    let tree = directory.path().join("tree");
    std::fs::create_dir_all(tree.join("directory/empty")).expect("made");
    std::fs::write(tree.join("directory/file"), [7; 3000]).expect("written");
    std::fs::write(tree.join("empty"), []).expect("written");
    for zipper in ZIPPERS {
        assert!(is_plain(&zipped(&tree, zipper)), "{zipper:?}");
    }
    // More entries than the short record at the end can count.
    let many = "import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for number in range(66_000):
        archive.writestr(str(number), b'')";
    assert!(is_plain(&zipped(&tree, &["python3", "-c", many])));
}

#[test]
fn links_and_names_that_are_no_ascii_are_read_without_libarchive() {
    let directory = tempfile::tempdir().expect("a directory");
    let tree = directory.path().join("tree");
    std::fs::create_dir(&tree).expect("made");
    std::os::unix::fs::symlink("nowhere", tree.join("link")).expect("made");
    std::fs::write(tree.join("na\u{ef}ve \u{65e5}\u{672c}"), "content").expect("written");
    for zipper in ZIPPERS {
        assert!(is_plain(&zipped(&tree, zipper)), "{zipper:?}");
    }
}

#[test]
fn a_zip_whose_records_at_the_end_disagree_is_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let write = "import sys, zipfile
zipfile.ZIP_FILECOUNT_LIMIT = int(sys.argv[1])
with zipfile.ZipFile(sys.argv[2], 'w') as archive:
    archive.writestr('name', b'content')";
    // From the end: the record of all zips, the locator, and the record for large numbers.
    let (all, locator, large) = (22, 42, 98);
    let (of_all, of_locator) = (all - 19..=all - 4, locator - 19..=locator - 4);
    let of_locator_disks = locator - 16;
    let of_both = [of_all, of_locator, large - 11..=large - 4, large - 55..=large - 16];
    for (limit, records) in [("1", &of_both[..1]), ("0", &of_both[..])] {
        let bytes = zipped(directory.path(), &["python3", "-c", write, limit]);
        assert!(is_plain(&bytes));
        for from_end in records.iter().cloned().flatten() {
            let mut changed = bytes.clone();
            let place = changed.len() - from_end;
            changed[place] ^= 1;
            // Some write that there is no disk, and mean one.
            let is_right = from_end == of_locator_disks;
            let is_zip = matches!(looked_at(&changed), Begins::Zip(_));
            assert_eq!(is_zip, is_right, "{from_end} before the end");
        }
    }
}

#[test]
fn a_format_whose_structure_is_not_known_is_refused() {
    for (bytes, format) in [(&b"no archive"[..], "raw"), (b"", "Empty file")] {
        let (name, hit) = (Name::from("archive"), AtomicBool::new(false));
        let whole = Faulty { name: name.clone(), bytes, fault: usize::MAX, position: 0, hit: &hit };
        let (call, limits) = (Call::new(None), ArchiveLimits::default());
        let (context, meter) = (Context::new(&call), Meter::new(name.clone(), limits));
        let bytes = Bytes::Anywhere(Box::new(whole));
        let input = super::super::input::open(bytes, &name, &meter, Filters::Others, &context)
            .expect("it can be read");
        // So libarchive shows formats that komparu never asks it for.
        let reads = Reads::Filters(Filters::Others);
        let archive = Libarchive::open(input, None, reads, meter, None, &name, &context);
        let mut archive = archive.expect("libarchive takes it for an archive");
        let why =
            format!("has the format '{format}', of which komparu cannot check that it is whole");
        assert_eq!(archive.next(), Err(Error::archive(&name, why)));
    }
}

/// These bytes within one more bzip2.
fn within_bzip2(directory: &Path, bytes: &[u8]) -> Vec<u8> {
    let (plain, packed) = (directory.join("plain"), directory.join("packed"));
    std::fs::write(&plain, bytes).expect("written");
    let mut command = Command::new("bsdtar");
    command.args(["--format", "raw", "--bzip2", "-cf"]).arg(&packed).arg("-C").arg(directory);
    assert!(command.arg("plain").status().expect("bsdtar").success());
    std::fs::read(packed).expect("just written")
}

#[test]
fn each_layer_of_compression_is_undone_with_looks_at_the_clock_in_between() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut noise = vec![0; 3 << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    std::fs::write(directory.path().join("noise"), &noise).expect("written");
    let archive = directory.path().join("x.tar.bz2");
    let mut command = Command::new("bsdtar");
    command.arg("-acf").arg(&archive).arg("-C").arg(directory.path()).arg("noise");
    assert!(command.status().expect("bsdtar").success());
    let mut bytes = std::fs::read(&archive).expect("just written");
    for layers in 1..=3 {
        let (content, looks) = read_first(&bytes);
        assert!(content == noise, "{layers}");
        // One for every 64 KiB that come out of a layer: undone in one go there are 50, whatever layers there are.
        assert!(looks >= layers * noise.len() / (64 << 10), "{layers}: {looks}");
        bytes = within_bzip2(directory.path(), &bytes);
    }
}

/// The content of the first entry, and how many looks at the clock it took.
fn read_first(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (name, hit) = (Name::from("layers"), AtomicBool::new(false));
    let stored = Faulty { name: name.clone(), bytes, fault: usize::MAX, position: 0, hit: &hit };
    let call = Call::new(None);
    let context = Context::new(&call);
    let options = Options { isolate: Isolate::Never, ..Options::default() };
    let mut archive =
        ArchiveReader::open(Bytes::Anywhere(Box::new(stored)), &name, None, &options, &context)
            .expect("an archive");
    archive.next().expect("an entry");
    let mut taken = Vec::new();
    let read = archive.content(|piece| {
        match piece {
            Piece::Bytes(bytes) => taken.extend_from_slice(bytes),
            Piece::Shared(buffer, range) => taken.extend_from_slice(&buffer[range]),
            Piece::Zeros(_) => unreachable!("it is noise"),
        }
        Ok(())
    });
    read.expect("content");
    (taken, call.checkpoints())
}
