//! Real files: sizes around every limit, several names of one file, and things that are no files.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use komparu::{Call, Context, DiffReason, Error, Options, Source};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// Sizes around every limit (a page, a read buffer, one stretch, two stretches), and some between.
const LIMITS: [usize; 6] = [1, 4096, 128 << 10, 1 << 20, 4 << 20, 8 << 20];

fn content(size: usize) -> Vec<u8> {
    (1..=251).cycle().take(size).collect()
}

fn write(directory: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

fn compare_with(a: &Path, b: &Path, options: &Options) -> komparu::Result<Option<DiffReason>> {
    let call = Call::new(None);
    let outcome =
        komparu::compare(&Source::from(a), &Source::from(b), options, &Context::new(&call));
    outcome.map(|outcome| outcome.map(|unequal| unequal.reason))
}

fn compare(a: &Path, b: &Path) -> komparu::Result<Option<DiffReason>> {
    compare_with(a, b, &Options::default())
}

/// Options for every way that a comparison can take.
fn ways() -> impl Iterator<Item = Options> {
    [(1, true), (1, false), (3, true), (3, false)].into_iter().map(|(max_workers, quick_check)| {
        Options { max_workers, quick_check, size_precheck: quick_check, ..Options::default() }
    })
}

#[test]
fn one_different_byte_is_found_at_any_size_and_place() {
    let directory = tempfile::tempdir().expect("a directory");
    for size in LIMITS.iter().flat_map(|limit| [limit - 1, *limit, limit + 1]) {
        let original = content(size);
        let a = write(&directory, "a", &original);
        let b = write(&directory, "b", &original);
        for options in ways() {
            assert_eq!(compare_with(&a, &b, &options), Ok(None), "{size} bytes");
        }
        for place in [0, size / 4 + 1, size / 2, 4 << 20, size.saturating_sub(1)] {
            if place >= size {
                continue;
            }
            let mut other = original.clone();
            other[place] = 0;
            let b = write(&directory, "b", &other);
            for options in ways() {
                let outcome = compare_with(&a, &b, &options);
                let expected = Ok(Some(DiffReason::ContentMismatch));
                assert_eq!(outcome, expected, "{size} bytes, the one at {place} differs");
            }
        }
    }
}

#[test]
fn another_size_is_a_difference_with_and_without_precheck() {
    let directory = tempfile::tempdir().expect("a directory");
    for size in LIMITS {
        let a = write(&directory, "a", &content(size));
        let b = write(&directory, "b", &content(size + 1));
        for (a, b) in [(&a, &b), (&b, &a)] {
            assert_eq!(compare(a, b), Ok(Some(DiffReason::SizeMismatch)));
            let reading = Options { size_precheck: false, ..Options::default() };
            assert_eq!(compare_with(a, b, &reading), Ok(Some(DiffReason::SizeMismatch)));
        }
    }
}

#[test]
fn the_names_of_one_file_are_equal_unread() {
    let directory = tempfile::tempdir().expect("a directory");
    let a = write(&directory, "a", &content(5000));
    let (hard, soft) = (directory.path().join("hard"), directory.path().join("soft"));
    fs::hard_link(&a, &hard).expect("linked");
    std::os::unix::fs::symlink("a", &soft).expect("linked");
    let before = fs::metadata(&a).expect("there").accessed().expect("a time");
    for b in [&a, &hard, &soft] {
        assert_eq!(compare(&a, b), Ok(None));
    }
    assert_eq!(fs::metadata(&a).expect("there").accessed().expect("a time"), before);
}

#[test]
fn an_empty_file_is_equal_to_an_empty_one_and_to_the_null_device() {
    let directory = tempfile::tempdir().expect("a directory");
    let (a, b) = (write(&directory, "a", b""), write(&directory, "b", b""));
    let full = write(&directory, "full", b"x");
    let null = Path::new("/dev/null");
    assert_eq!(compare(&a, &b), Ok(None));
    assert_eq!(compare(&a, null), Ok(None));
    assert_eq!(compare(null, &a), Ok(None));
    assert_eq!(compare(null, null), Ok(None));
    assert_eq!(compare(null, &full), Ok(Some(DiffReason::SizeMismatch)));
    // An empty file is read, too.
    assert_eq!(compare(&a, &full), Ok(Some(DiffReason::ContentMismatch)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_reports_no_size_is_read_to_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    for path in ["/proc/version", "/proc/filesystems"].map(Path::new) {
        assert_eq!(fs::metadata(path).expect("there").len(), 0);
        let mut text = fs::read(path).expect("readable");
        let copy = write(&directory, "copy", &text);
        assert_eq!(compare(path, &copy), Ok(None));
        *text.last_mut().expect("not empty") ^= 1;
        let changed = write(&directory, "changed", &text);
        assert_eq!(compare(path, &changed), Ok(Some(DiffReason::ContentMismatch)));
        text.pop();
        let shorter = write(&directory, "shorter", &text);
        assert_eq!(compare(path, &shorter), Ok(Some(DiffReason::ContentMismatch)));
    }
    let empty = write(&directory, "empty", b"");
    assert_eq!(
        compare(Path::new("/proc/self/maps"), &empty),
        Ok(Some(DiffReason::ContentMismatch))
    );
}

#[test]
fn a_fifo_a_socket_a_device_and_a_directory_are_refused_unopened() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(&directory, "file", b"x");
    let fifo = directory.path().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO");
    let socket = directory.path().join("socket");
    let _listening = UnixListener::bind(&socket).expect("a socket");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&fifo, &link).expect("a link");
    for (path, cause) in [
        (directory.path(), "is a directory"),
        (&fifo, "is a FIFO, not a file"),
        (&link, "is a FIFO, not a file"),
        (&socket, "is a socket, not a file"),
        (Path::new("/dev/zero"), "is a device, not a file"),
        (Path::new("/dev/tty"), "is a device, not a file"),
    ] {
        for outcome in [compare(path, &file), compare(&file, path), compare(path, path)] {
            let error = outcome.expect_err("refused");
            assert!(matches!(error, Error::Read { .. }), "{error:?}");
            assert_eq!(error.to_string(), format!("{}: {cause}", path.display()));
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(&directory, "file", b"x");
    let missing = directory.path().join("missing");
    let dangling = directory.path().join("dangling");
    std::os::unix::fs::symlink(&missing, &dangling).expect("a link");
    let below_a_file = file.join("below");
    for path in [&missing, &dangling, &below_a_file] {
        for outcome in [compare(path, &file), compare(&file, path)] {
            let error = outcome.expect_err("not there");
            assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
            assert!(error.to_string().starts_with(&format!("{}: ", path.display())));
        }
    }
    let itself = directory.path().join("loop");
    std::os::unix::fs::symlink("loop", &itself).expect("a link");
    assert!(matches!(compare(&itself, &file), Err(Error::Read { .. })));
}

#[test]
fn a_file_may_be_as_large_as_the_filesystem_allows() {
    let directory = tempfile::tempdir().expect("a directory");
    let (a, b) = (directory.path().join("a"), directory.path().join("b"));
    let size = 4 << 40;
    for path in [&a, &b] {
        File::create(path).and_then(|file| file.set_len(size)).expect("a sparse file");
    }
    for options in ways() {
        assert_eq!(compare_with(&a, &b, &options), Ok(None));
    }
}
