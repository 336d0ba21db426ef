//! Paths of any length, and the one path that an open file has.
//!
//! The system takes a path of up to 4,095 bytes at once. A longer path is opened in pieces, each relative
//! to the directory before it.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

#[cfg(target_os = "linux")]
use rustix::fs::ResolveFlags;
use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};

use crate::http::client::with_descriptor;

/// The longest path that is given to the system at once; Linux takes 4095 bytes.
const PIECE: usize = if cfg!(target_os = "linux") { 4000 } else { 1000 };

/// How a directory is opened on the way to another one: without the right to list it, where the system can do
/// that.
#[cfg(target_os = "linux")]
const PASSING: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const PASSING: OFlags = OFlags::RDONLY;

/// Opens a directory at a path of any length, to list it and to open its entries. With `follow_links`
/// through any number of links, else through none, not even one that has just replaced a directory.
pub(crate) fn open_directory(
    base: BorrowedFd<'_>,
    path: &[u8],
    follow_links: bool,
) -> Result<OwnedFd> {
    with_descriptor(|| {
        if !follow_links {
            return open_without_links(base, path);
        }
        match open_in_pieces(base, path, OFlags::RDONLY, true, PIECE) {
            // The system follows at most 40 links at once (32 on macOS). The walk itself finds loops.
            Err(Errno::LOOP) => open_in_pieces(base, path, OFlags::RDONLY, true, 0),
            opened => opened,
        }
    })
}

/// Opens a directory at a path of which no part may be a link.
fn open_without_links(base: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd> {
    // For a single name, O_NOFOLLOW is enough.
    #[cfg(target_os = "linux")]
    if path.len() <= PIECE && path.contains(&b'/') {
        let flags = directory(OFlags::RDONLY);
        match rustix::fs::openat2(base, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // Before Linux 5.6, and in some sandboxes.
            Err(Errno::NOSYS | Errno::PERM) => {}
            opened => return opened,
        }
    }
    open_in_pieces(base, path, OFlags::RDONLY, false, 0)
}

/// Opens a directory, or the directory that a link leads to, on the way to another one.
pub(crate) fn pass_into(base: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd> {
    rustix::fs::openat(base, name, directory(PASSING), Mode::empty())
}

/// The flags for opening a directory.
fn directory(access: OFlags) -> OFlags {
    access | OFlags::DIRECTORY | OFlags::CLOEXEC
}

/// Opens a directory in pieces of at most `most` bytes, or of one name if that is longer.
fn open_in_pieces(
    base: BorrowedFd<'_>,
    path: &[u8],
    access: OFlags,
    follow_links: bool,
    most: usize,
) -> Result<OwnedFd> {
    let last = if follow_links { OFlags::empty() } else { OFlags::NOFOLLOW };
    let open = |from: BorrowedFd<'_>, path: &[u8], access| {
        let path = if path.is_empty() { b"." } else { path };
        rustix::fs::openat(from, path, directory(access) | last, Mode::empty())
    };
    let mut pieces = Pieces { rest: path, most };
    let mut reached: Option<OwnedFd> = None;
    loop {
        let from = reached.as_ref().map_or(base, |reached| reached.as_fd());
        match pieces.next() {
            Some(piece) => reached = Some(open(from, piece, PASSING)?),
            None => return open(from, pieces.rest, access),
        }
    }
}

/// A path, cut at slashes.
struct Pieces<'p> {
    rest: &'p [u8],
    most: usize,
}

impl<'p> Pieces<'p> {
    /// The next piece; `None` if only the last one is left.
    fn next(&mut self) -> Option<&'p [u8]> {
        let is_slash = |&byte: &u8| byte == b'/';
        if self.rest.len() <= self.most {
            return None;
        }
        // A slash at the front belongs to what follows it: it is the root.
        let start = usize::from(self.rest.starts_with(b"/"));
        let within = &self.rest[start..self.most.max(start)];
        let slash = within
            .iter()
            .rposition(is_slash)
            .or_else(|| self.rest[start..].iter().position(is_slash))?;
        let (piece, rest) = self.rest.split_at(start + slash);
        // Several slashes count as one, and the rest must not begin with a slash: it is relative.
        let end = rest.iter().position(|byte| !is_slash(byte)).unwrap_or(rest.len());
        self.rest = &rest[end..];
        Some(if piece.is_empty() { b"/" } else { piece })
    }
}

/// Calls `call` with `base` and `path`; where the system finds the path too long, again with the directory
/// that it leads to and the last name.
pub(crate) fn at<T>(
    base: BorrowedFd<'_>,
    path: &[u8],
    mut call: impl FnMut(BorrowedFd<'_>, &[u8]) -> Result<T>,
) -> Result<T> {
    match call(base, path) {
        Err(Errno::NAMETOOLONG) if path.len() > PIECE => {}
        done => return done,
    }
    let trimmed = path.len() - path.iter().rev().take_while(|&&byte| byte == b'/').count();
    let slash = path[..trimmed].iter().rposition(|&byte| byte == b'/').ok_or(Errno::NAMETOOLONG)?;
    let directory = open_in_pieces(base, &path[..slash], PASSING, true, PIECE)?;
    call(directory.as_fd(), &path[slash + 1..])
}

/// The path of an open file or directory, all links resolved; `None` where the system does not know it:
/// without /proc, for paths longer than a page, and for files that this process cannot reach by a path any
/// more.
pub(crate) fn resolved(file: BorrowedFd<'_>) -> Option<Vec<u8>> {
    #[cfg(target_os = "linux")]
    let path = {
        use std::os::fd::AsRawFd as _;
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::readlink(link, Vec::new())
    };
    #[cfg(target_vendor = "apple")]
    let path = rustix::fs::getpath(file);
    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    let path = Err::<std::ffi::CString, _>(Errno::NOSYS);
    path.ok().map(std::ffi::CString::into_bytes).filter(|path| path.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use rustix::fs::CWD;

    use super::*;

    fn pieces(path: &str, most: usize) -> Vec<&str> {
        let text = |bytes| std::str::from_utf8(bytes).expect("text");
        let mut pieces = Pieces { rest: path.as_bytes(), most };
        let mut all: Vec<&str> = std::iter::from_fn(|| pieces.next().map(text)).collect();
        all.push(text(pieces.rest));
        all
    }

    #[test]
    fn a_path_is_cut_at_slashes_and_stays_the_same_path() {
        assert_eq!(pieces("a/b/c", 9), ["a/b/c"]);
        assert_eq!(pieces("a/b/c", 3), ["a", "b/c"]);
        assert_eq!(pieces("a/b/c", 0), ["a", "b", "c"]);
        assert_eq!(pieces("abcd/e", 2), ["abcd", "e"]);
        assert_eq!(pieces("/a/b", 0), ["/a", "b"]);
        assert_eq!(pieces("/a/b", 2), ["/a", "b"]);
        assert_eq!(pieces("a////b", 2), ["a", "b"]);
        assert_eq!(pieces("//a//b//", 0), ["/", "a", "b", ""]);
        assert_eq!(pieces("abcdef", 2), ["abcdef"]);
    }

    #[test]
    fn no_link_in_a_path_is_followed_with_or_without_openat2() {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(place.path().join("real/inner")).expect("made");
        symlink("real", place.path().join("link")).expect("linked");
        let base = rustix::fs::open(place.path(), OFlags::DIRECTORY, Mode::empty()).expect("open");
        for path in [&b"link/inner"[..], b"link", b"real/../link/inner"] {
            assert!(open_without_links(base.as_fd(), path).is_err());
            let walked = open_in_pieces(base.as_fd(), path, OFlags::RDONLY, false, 0);
            assert!(walked.is_err(), "what a system without openat2 does");
            assert!(open_directory(base.as_fd(), path, true).is_ok());
        }
        for path in [&b"real/inner"[..], b"real", b""] {
            assert!(open_without_links(base.as_fd(), path).is_ok());
            assert!(open_in_pieces(base.as_fd(), path, OFlags::RDONLY, false, 0).is_ok());
        }
    }

    #[test]
    fn a_path_of_any_length_is_opened() {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join("d")).expect("made");
        fs::write(place.path().join("d/file"), "content").expect("written");
        for long in ["d/../".repeat(2000), "d/./.././".repeat(900) + "///"] {
            let path = [place.path().as_os_str().as_bytes(), b"/", long.as_bytes()].concat();
            assert!(open_directory(CWD, &path, true).is_ok());
            let file = [&path, &b"d///file"[..]].concat();
            let stat = at(CWD, &file, |base, path| {
                rustix::fs::statat(base, path, rustix::fs::AtFlags::empty())
            });
            assert_eq!(stat.expect("there").st_size, 7);
            let missing = [&path, &b"d/missing"[..]].concat();
            let stat = at(CWD, &missing, |base, path| {
                rustix::fs::statat(base, path, rustix::fs::AtFlags::empty())
            });
            assert_eq!(stat.expect_err("missing"), Errno::NOENT);
        }
    }

    #[test]
    fn an_open_file_has_one_path_however_it_was_opened() {
        let place = tempfile::tempdir().expect("a directory");
        fs::write(place.path().join("file"), "").expect("written");
        symlink("file", place.path().join("link")).expect("linked");
        let path = |name: &str| {
            let file = fs::File::open(place.path().join(name)).expect("opened");
            resolved(file.as_fd()).expect("a path")
        };
        assert_eq!(path("file"), path("link"));
        assert!(path("link").ends_with(b"/file"));
    }
}
