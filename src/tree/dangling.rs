//! Does a symbolic link lead nowhere, or in a circle?
//!
//! Such a link is compared by its text. The system says the same of a circle as of a path of more links
//! than it follows, which may well lead somewhere: so the links are followed here, one by one.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, FileType, readlinkat, statat};
use rustix::io::{Errno, Result};

use crate::content::file::identity::Identity;
use crate::content::file::path::pass_into;

/// Names that are followed before it is given up: a hundred times what the system follows.
const MOST: usize = 4096;

/// Is there nothing that the link `name` can lead to, where following it ended with this error?
pub(crate) fn leads_nowhere(directory: BorrowedFd<'_>, name: &[u8], errno: Errno) -> bool {
    is_nowhere(errno)
        || (errno == Errno::LOOP && ends_nowhere(directory, name).is_ok_and(|nowhere| nowhere))
}

/// Does the error say that nothing is there, and nothing can be?
fn is_nowhere(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG)
}

/// What is left of a path, and the link that it is the target of.
struct Target {
    link: Option<Identity>,
    rest: Vec<u8>,
}

impl Target {
    /// Takes the next name.
    fn next(&mut self) -> Option<Vec<u8>> {
        let start = self.rest.iter().position(|&byte| byte != b'/')?;
        let length = self.rest[start..].iter().position(|&byte| byte == b'/');
        let end = length.map_or(self.rest.len(), |length| start + length);
        let name = self.rest[start..end].to_vec();
        self.rest.drain(..end);
        Some(name)
    }

    fn is_at_end(&self) -> bool {
        self.rest.iter().all(|&byte| byte == b'/')
    }
}

/// Follows a link as the system does, but any number of others: is there nothing, or a circle?
fn ends_nowhere(directory: BorrowedFd<'_>, name: &[u8]) -> Result<bool> {
    // The directory that has been reached, and the names still to follow: a link's target goes on top, and what
    // was left of the path that named the link stays below it.
    let mut reached: Option<OwnedFd> = None;
    let mut targets = vec![Target { link: None, rest: name.to_vec() }];
    for _ in 0..MOST {
        let Some(target) = targets.last_mut() else { return Ok(false) };
        let Some(name) = target.next() else {
            targets.pop();
            continue;
        };
        let here = reached.as_ref().map_or(directory, |reached| reached.as_fd());
        let stat = match statat(here, &*name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(errno) if is_nowhere(errno) => return Ok(true),
            Err(errno) => return Err(errno),
        };
        if FileType::from_raw_mode(stat.st_mode).is_symlink() {
            let link = Identity::of(&stat);
            let is_same = |link: &Identity, other: &Target| {
                other.link.is_some_and(|other| other.has_number_of(link))
            };
            // To follow it, it would have to be followed.
            if targets.iter().any(|other| is_same(&link, other)) {
                return Ok(true);
            }
            let rest = readlinkat(here, &*name, Vec::new())?.into_bytes();
            if rest.starts_with(b"/") {
                reached = Some(pass_into(CWD, b"/")?);
            }
            targets.push(Target { link: Some(link), rest });
        } else if targets.iter().all(Target::is_at_end) {
            return Ok(false);
        } else {
            match pass_into(here, &name) {
                Ok(directory) => reached = Some(directory),
                Err(errno) => return if is_nowhere(errno) { Ok(true) } else { Err(errno) },
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_circle_is_told_from_a_long_way() {
        let place = tempfile::tempdir().expect("a directory");
        let at = |name: &str| place.path().join(name);
        let link = |target: &str, name: &str| symlink(target, at(name)).expect("linked");
        fs::create_dir_all(at("d/e")).expect("made");
        fs::write(at("d/e/file"), "").expect("written");
        for number in 0..60 {
            link(&format!("way{}", number + 1), &format!("way{number}"));
            link(&format!("lost{}", number + 1), &format!("lost{number}"));
            link(&format!("up{}/../e", number + 1), &format!("up{number}"));
        }
        link("d/e/file", "way60");
        link("nowhere", "lost60");
        link("d/e", "up60");
        link("itself", "itself");
        link("./itself/below", "through");
        link("two", "one");
        link(at("one").to_str().expect("text"), "two");
        link("grows/x", "grows");
        link("way0/x", "below a file");
        link("d/e/../../d/e/file", "plain");
        let directory = File::open(place.path()).expect("opened");
        let nowhere = |name: &str| ends_nowhere(directory.as_fd(), name.as_bytes());
        for name in ["itself", "through", "one", "two", "grows", "lost0", "below a file"] {
            assert_eq!(nowhere(name), Ok(true), "{name}");
        }
        for name in ["way0", "up0", "plain"] {
            assert_eq!(nowhere(name), Ok(false), "{name}");
        }
    }
}
