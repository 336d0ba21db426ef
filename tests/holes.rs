//! Files with holes, compared with one another and with files of written zeros.
#![allow(clippy::single_range_in_vec_init, reason = "a file may have one run of data")]

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use komparu::internals::content::FileReader;
use komparu::internals::content::{Chunk, Extent, ReadAt, Reader};
use komparu::internals::engine;
use komparu::{Call, Context, DiffReason, Options, Result};
use tempfile::TempDir;

const SIZE: u64 = 9 << 20;

/// A file with ones in `data` and holes elsewhere, of which `written` are filled with zeros.
fn file(directory: &TempDir, name: &str, data: &[Range<u64>], written: &[Range<u64>]) -> PathBuf {
    let path = directory.path().join(name);
    let file = File::create(&path).expect("created");
    file.set_len(SIZE).expect("room for it");
    for (runs, byte) in [(written, 0), (data, 1)] {
        for run in runs {
            let length = usize::try_from(run.end - run.start).expect("in memory");
            file.write_all_at(&vec![byte; length], run.start).expect("written");
        }
    }
    path
}

fn compare(a: &Path, b: &Path, options: &Options) -> Option<DiffReason> {
    let mut a = FileReader::open(a).expect("opened");
    let mut b = FileReader::open(b).expect("opened");
    let call = Call::new(None);
    let outcome = engine::compare(&mut a, &mut b, options, &Context::new(&call)).expect("compared");
    outcome.map(|unequal| unequal.reason)
}

fn ways() -> [Options; 3] {
    [(1, true), (3, true), (3, false)].map(|(max_workers, quick_check)| Options {
        max_workers,
        quick_check,
        ..Options::default()
    })
}

/// Where data lies: leading, middle, trailing, several and no holes; borders on and off pages.
fn layouts() -> Vec<Vec<Range<u64>>> {
    vec![
        vec![],
        vec![5 << 20..SIZE],
        vec![0..1 << 20, (8 << 20) - 5..SIZE],
        vec![0..(4 << 20) + 3],
        vec![(4 << 20) - 4096..(4 << 20) + 4096],
        vec![4095..4097, (1 << 20)..(1 << 20) + 1, SIZE - 1..SIZE],
        std::iter::once(0..SIZE).collect(),
    ]
}

#[test]
fn a_hole_is_equal_to_a_hole_and_to_written_zeros() {
    let directory = tempfile::tempdir().expect("a directory");
    let everything = std::iter::once(0..SIZE).collect::<Vec<_>>();
    for layout in layouts() {
        let sparse = file(&directory, "sparse", &layout, &[]);
        let same = file(&directory, "same", &layout, &[]);
        let dense = file(&directory, "dense", &layout, &everything);
        let partly = file(&directory, "partly", &layout, &[3 << 20..(6 << 20) + 1]);
        let all = [&sparse, &same, &dense, &partly];
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            for options in ways() {
                assert_eq!(compare(a, b, &options), None, "{layout:?}");
            }
        }
    }
}

#[test]
fn one_byte_in_a_hole_is_a_difference() {
    let directory = tempfile::tempdir().expect("a directory");
    for (layout, place) in [
        (vec![5 << 20..SIZE], 0),
        (vec![5 << 20..SIZE], (4 << 20) + 1),
        (vec![0..1 << 20, 8 << 20..SIZE], 3_000_001),
        (vec![0..4 << 20], SIZE - 1),
        (vec![0..4 << 20], 4 << 20),
        (vec![], 7 << 20),
    ] {
        let sparse = file(&directory, "sparse", &layout, &[]);
        let other = file(&directory, "other", &layout, &[]);
        let opened = File::options().write(true).open(&other).expect("opened");
        opened.write_all_at(b"\x80", place).expect("written");
        for options in ways() {
            for (a, b) in [(&sparse, &other), (&other, &sparse)] {
                let outcome = compare(a, b, &options);
                assert_eq!(outcome, Some(DiffReason::ContentMismatch), "{layout:?} at {place}");
            }
        }
    }
}

/// A file reader that counts its calls.
struct Counting {
    inner: FileReader,
    random: bool,
    asked: AtomicU64,
    read: AtomicU64,
}

impl Counting {
    fn new(path: &Path, random: bool) -> Self {
        let inner = FileReader::open(path).expect("opened");
        Self { inner, random, asked: AtomicU64::new(0), read: AtomicU64::new(0) }
    }
}

impl Reader for Counting {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        *self.asked.get_mut() += 1;
        let chunk = self.inner.chunk()?;
        if let Chunk::Bytes(bytes) = chunk {
            *self.read.get_mut() += bytes.len() as u64;
        }
        Ok(chunk)
    }
    fn consume(&mut self, length: u64) {
        self.inner.consume(length);
    }
    fn size(&self) -> Option<u64> {
        Reader::size(&self.inner)
    }
    fn as_random(&self) -> Option<&dyn ReadAt> {
        self.random.then_some(self)
    }
    fn verify(&self) -> Result<()> {
        self.inner.verify()
    }
}

impl ReadAt for Counting {
    fn size(&self) -> u64 {
        ReadAt::size(&self.inner)
    }
    fn extent(&self, offset: u64) -> Result<Extent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.extent(offset)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.inner.read_at(offset, buffer)
    }
}

#[test]
fn a_terabyte_of_hole_takes_a_handful_of_calls() {
    let directory = tempfile::tempdir().expect("a directory");
    let [a, b] = ["a", "b"].map(|name| {
        let path = directory.path().join(name);
        let file = File::create(&path).expect("created");
        file.set_len(1 << 40).expect("room for it");
        // One byte of data far inside, so that holes lie on both sides of it.
        file.write_all_at(b"x", 1 << 39).expect("written");
        path
    });
    for random in [false, true] {
        let (mut a, mut b) = (Counting::new(&a, random), Counting::new(&b, random));
        let call = Call::new(None);
        let options = Options { max_workers: 4, ..Options::default() };
        let outcome = engine::compare(&mut a, &mut b, &options, &Context::new(&call));
        assert_eq!(outcome, Ok(None));
        let (asked, read) = (a.asked.into_inner(), a.read.into_inner());
        assert!(asked < 100, "asked {asked} times");
        assert!((1..=1 << 20).contains(&read), "read {read} bytes");
    }
}
