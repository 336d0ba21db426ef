//! A file that changes while it is compared: an error that says what happened.
//!
//! Nothing here depends on timing: the change is made between two given chunks.

use std::cell::Cell;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use komparu::internals::content::FileReader;
use komparu::internals::content::{Chunk, Extent, ReadAt, Reader};
use komparu::internals::content::{Located, Location};
use komparu::internals::engine;
use komparu::options::{DetectChanges, FileOptions};
use komparu::{Call, Context, DiffReason, Error, Options, Result, Source};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// Sizes that are read at once, in pieces, and by several threads.
const SIZES: [u64; 3] = [200 << 10, 2 << 20, 12 << 20];

fn write(directory: &TempDir, name: &str, size: u64) -> PathBuf {
    let path = directory.path().join(name);
    let size = usize::try_from(size).expect("in memory");
    fs::write(&path, vec![7; size]).expect("written");
    path
}

fn file(path: &Path) -> File {
    File::options().write(true).open(path).expect("opened")
}

/// A change to a file of `size` bytes, and the error that komparu then reports.
struct Change {
    act: fn(&Path, u64),
    says: fn(u64) -> String,
}

fn changes() -> Vec<Change> {
    vec![
        Change {
            act: |path, size| file(path).set_len(size / 2 + 5).expect("cut"),
            says: |size| format!("shrank from {size} to {} bytes", size / 2 + 5),
        },
        Change {
            act: |path, _| file(path).set_len(0).expect("cut"),
            says: |size| format!("shrank from {size} to 0 bytes"),
        },
        Change {
            act: |path, size| file(path).write_all_at(b"x", size).expect("written"),
            says: |size| format!("grew from {size} to {} bytes", size + 1),
        },
        Change {
            act: |path, size| {
                let file = file(path);
                file.write_all_at(b"x", size - 1).expect("written");
                // Far enough from now that a filesystem with a coarse clock shows it.
                let later = SystemTime::now() + Duration::from_secs(5);
                file.set_modified(later).expect("dated");
            },
            says: |_| "was modified".to_owned(),
        },
        Change {
            act: |path, size| {
                let new = path.with_extension("new");
                fs::write(&new, vec![7; usize::try_from(size).expect("in memory")])
                    .and_then(|()| fs::rename(&new, path))
                    .expect("replaced");
            },
            says: |_| "was replaced".to_owned(),
        },
        Change {
            act: |path, _| fs::remove_file(path).expect("deleted"),
            says: |_| "was deleted".to_owned(),
        },
    ]
}

/// A file reader that does `act` before its call number `when`.
struct Meddled<'a> {
    inner: FileReader,
    random: bool,
    asked: AtomicUsize,
    when: usize,
    act: Mutex<Option<Box<dyn FnOnce() + Send + 'a>>>,
}

impl Meddled<'_> {
    fn act_if_due(&self) {
        if self.asked.fetch_add(1, Ordering::Relaxed) == self.when
            && let Some(act) = self.act.lock().expect("no panic").take()
        {
            act();
        }
    }
}

impl Reader for Meddled<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        self.act_if_due();
        self.inner.chunk()
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

impl ReadAt for Meddled<'_> {
    fn size(&self) -> u64 {
        ReadAt::size(&self.inner)
    }
    fn extent(&self, offset: u64) -> Result<Extent> {
        self.act_if_due();
        self.inner.extent(offset)
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.act_if_due();
        self.inner.read_at(offset, buffer)
    }
}

fn changed(path: &Path, cause: impl Into<String>) -> Error {
    Error::Changed { name: path.into(), cause: cause.into() }
}

#[test]
fn any_change_between_two_chunks_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().expect("a directory");
    for size in SIZES {
        for change in changes() {
            for (random, quick_check, when) in
                [(false, false, 0), (false, false, 2), (true, true, 3), (true, false, 1)]
            {
                let (a, b) = (write(&directory, "a", size), write(&directory, "b", size));
                let mut reader = Meddled {
                    inner: FileReader::open(&a).expect("opened"),
                    random,
                    asked: AtomicUsize::new(0),
                    when,
                    act: Mutex::new(Some(Box::new(|| (change.act)(&a, size)))),
                };
                let mut other = FileReader::open(&b).expect("opened");
                let call = Call::new(None);
                let options = Options { max_workers: 2, quick_check, ..Options::default() };
                let outcome =
                    engine::compare(&mut reader, &mut other, &options, &Context::new(&call));
                assert!(reader.asked.into_inner() > when, "the change was not done");
                let says = (change.says)(size);
                let expected = changed(&a, format!("{says} while it was compared"));
                assert_eq!(outcome, Err(expected), "{size} bytes, {random}, {when}");
            }
        }
    }
}

/// The change is made before each read, one after the other: while the two are compared, before the bytes that are
/// shown are read, and while lines are counted.
#[test]
fn a_file_that_changes_before_its_lines_are_counted_has_no_difference() {
    const SIZE: u64 = 5 << 20;
    let directory = tempfile::tempdir().expect("a directory");
    let (a, b) = (write(&directory, "a", SIZE), write(&directory, "b", SIZE));
    file(&b).write_all_at(b"x", SIZE - 10).expect("written");
    let mut when = 0;
    loop {
        let act = || file(&a).set_len(SIZE / 2).expect("cut");
        let mut reader = Meddled {
            inner: FileReader::open(&a).expect("opened"),
            random: true,
            asked: AtomicUsize::new(0),
            when,
            act: Mutex::new(Some(Box::new(act))),
        };
        let mut other = FileReader::open(&b).expect("opened");
        let call = Call::new(None);
        let options = Options { max_workers: 1, ..Options::default() };
        let outcome =
            engine::first_difference(&mut reader, &mut other, 4, &options, &Context::new(&call));
        if reader.asked.into_inner() <= when {
            assert_eq!(outcome.map(|found| found.map(|found| found.offset)), Ok(Some(SIZE - 10)));
            break;
        }
        let cause = format!("shrank from {SIZE} to {} bytes while it was compared", SIZE / 2);
        assert_eq!(outcome, Err(changed(&a, cause)), "before read {when}");
        write(&directory, "a", SIZE);
        when += 1;
    }
    // Each of the two contents is read in pieces of 128 KiB, the left one twice.
    assert!(when > 80, "{when} reads");
}

#[test]
fn an_unchanged_file_has_a_verdict() {
    let directory = tempfile::tempdir().expect("a directory");
    for size in SIZES {
        let path = write(&directory, "a", size);
        let reader = FileReader::open(&path).expect("opened");
        fs::read(&path).expect("read");
        assert_eq!(reader.verify(), Ok(()));
    }
}

#[test]
fn a_file_with_new_bytes_and_its_old_date_has_no_verdict() {
    let directory = tempfile::tempdir().expect("a directory");
    for size in SIZES {
        let path = write(&directory, "a", size);
        let modified = fs::metadata(&path).and_then(|before| before.modified()).expect("a date");
        let reader = FileReader::open(&path).expect("opened");
        let file = fs::OpenOptions::new().write(true).open(&path).expect("opened");
        file.write_at(b"?", 0).expect("written");
        file.set_modified(modified).expect("set back");
        let message = reader.verify().expect_err("no verdict").to_string();
        assert!(message.ends_with("was touched while it was compared"), "{message}");
    }
}

/// A change to a file.
type Act<'a> = &'a dyn Fn(&Path);

/// The size of files that, compared byte by byte, take longer than the 50 ms between two checks of the
/// interrupt.
const TOUCHED: u64 = 4 << 20;

/// Compares two equal files, and changes the first one each time that the comparison checks its interrupt,
/// up to so many times.
fn compared_while(
    act: impl Fn(&Path),
    most: usize,
    files: FileOptions,
) -> Result<Option<DiffReason>> {
    let directory = tempfile::tempdir().expect("a directory");
    let (a, b) = (write(&directory, "a", TOUCHED), write(&directory, "b", TOUCHED));
    let done = Cell::new(0);
    let interrupt = || {
        if done.get() < most {
            done.set(done.get() + 1);
            act(&a);
        }
        false
    };
    let (call, source) = (Call::new(None), |path: &PathBuf| Source::from(path.as_path()));
    // Byte by byte, so that the interrupt is checked before the end on any machine.
    let options = Options { chunk_size: 1, max_workers: 1, files, ..Options::default() };
    let context = Context::with_interrupt(&call, &interrupt);
    let outcome = komparu::compare(&source(&a), &source(&b), &options, &context);
    assert!(done.get() > 0, "it was done before anything was done to the file");
    outcome.map(|outcome| outcome.map(|unequal| unequal.reason)).map_err(|error| match error {
        Error::Changed { cause, .. } | Error::Read { cause, .. } => Error::Argument(cause),
        Error::Touched { .. } => Error::Argument("was touched".to_owned()),
        other => other,
    })
}

fn change_rights(path: &Path) {
    let rights = fs::metadata(path).expect("there").permissions();
    fs::set_permissions(path, rights).expect("set");
}

#[test]
fn a_file_that_is_only_touched_is_compared_once_more() {
    let link = |path: &Path| fs::hard_link(path, path.with_extension("link")).expect("linked");
    let rename = |path: &Path| {
        fs::rename(path, path.with_extension("new")).expect("renamed");
        fs::rename(path.with_extension("new"), path).expect("renamed back");
    };
    let files = FileOptions::default();
    for act in [&link as Act, &rename, &change_rights] {
        assert_eq!(compared_while(act, 1, files), Ok(None));
    }
    let outcome = compared_while(change_rights, usize::MAX, files);
    assert_eq!(outcome, Err(Error::Argument("was touched".to_owned())));
}

#[test]
fn a_change_that_detect_changes_leaves_out_is_none() {
    let date = |path: &Path| {
        file(path).set_modified(SystemTime::now() + Duration::from_secs(5)).expect("dated");
    };
    let replace = |path: &Path| {
        fs::copy(path, path.with_extension("new")).expect("copied");
        fs::rename(path.with_extension("new"), path).expect("replaced");
    };
    let grow = |path: &Path| file(path).write_all_at(b"x", TOUCHED).expect("written");
    let acts: [(Act, usize); 4] = [(&change_rights, 0), (&date, 1), (&replace, 1), (&grow, 2)];
    for (act, seen_until) in acts {
        for (place, detect_changes) in DetectChanges::ALL.into_iter().enumerate() {
            let files = FileOptions { detect_changes, ..FileOptions::default() };
            let outcome = compared_while(act, usize::MAX, files);
            assert_eq!(outcome.is_err(), place <= seen_until, "{detect_changes:?}: {outcome:?}");
        }
    }
}

#[test]
fn a_small_file_that_changes_before_its_verdict_has_none() {
    let directory = tempfile::tempdir().expect("a directory");
    for change in changes().into_iter().take(4) {
        let path = write(&directory, "small", 100);
        let reader = FileReader::open(&path).expect("opened");
        (change.act)(&path, 100);
        let says = (change.says)(100);
        let expected = changed(&path, format!("{says} while it was compared"));
        assert_eq!(reader.verify(), Err(expected));
    }
}

#[test]
fn a_file_that_is_cut_and_given_its_size_back_is_an_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = write(&directory, "a", 2 << 20);
    let mut reader = FileReader::open(&path).expect("opened");
    let Ok(Chunk::Bytes(_)) = reader.chunk() else { panic!("data was expected") };
    file(&path).set_len(10).expect("cut");
    file(&path).set_len(2 << 20).expect("room");
    assert!(reader.verify().is_err());
}

#[test]
fn an_empty_file_that_grows_while_it_is_compared_is_an_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = write(&directory, "a", 0);
    let mut reader = FileReader::open(&path).expect("opened");
    fs::write(&path, b"xyz").expect("written");
    assert!(matches!(reader.chunk(), Ok(Chunk::Bytes(b"xyz"))));
    let expected = "grew from 0 to 3 bytes while it was compared";
    assert_eq!(reader.verify(), Err(changed(&path, expected)));
}

#[test]
fn anything_that_replaces_a_file_before_it_is_opened_is_an_error_at_once() {
    let fifo = |path: &Path| {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    };
    let endless = |path: &Path| symlink("/dev/zero", path).expect("linked");
    let directory = |path: &Path| fs::create_dir(path).expect("made");
    let other = |path: &Path| fs::write(path, [7; 300]).expect("written");
    for size in [0, 100, SIZES[0]] {
        for replace in [&fifo as Act, &endless, &directory, &other] {
            let place = tempfile::tempdir().expect("a directory");
            let path = write(&place, "a", size);
            let bytes = path.as_os_str().as_bytes();
            let files = FileOptions::default();
            let located = Located::at(Location::new(bytes.into()), path.as_path().into(), files);
            fs::rename(&path, path.with_extension("old")).expect("moved away");
            replace(&path);
            let opened = FileReader::open_located(located.expect("a file"));
            let outcome = opened.and_then(|mut reader| {
                loop {
                    let length = match reader.chunk()? {
                        Chunk::Bytes(bytes) => bytes.len() as u64,
                        Chunk::Zeros(length) => length,
                        Chunk::Waiting => 0,
                        Chunk::End => return reader.verify(),
                    };
                    reader.consume(length);
                }
            });
            assert!(
                matches!(outcome, Err(Error::Changed { .. } | Error::Read { .. })),
                "{size} bytes: {outcome:?}"
            );
        }
    }
}
