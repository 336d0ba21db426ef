//! Does a symbolic link lead nowhere, or in a circle?
//!
//! Such a link is compared by its text. The system says the same of a circle as of a path of more links
//! than it follows, which may well lead somewhere: so the links are followed here, one by one. What is found out of
//! a link is remembered, so that a circle of many links is followed once, and not once from each of them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Mutex;

use rustix::fs::{AtFlags, CWD, FileType, readlinkat, statat};
use rustix::io::{Errno, Result};

use crate::content::file::filesystem::may_repeat_numbers;
use crate::content::file::identity::Identity;
use crate::content::file::path::pass_into;
use crate::error;
use crate::run::context::{Context, Steps};
use crate::sys::lock::lock;

/// Names that are followed of all links of a tree, whatever their ways are: about 0.1 s of work. It bounds the memory,
/// too: what is known of a link takes some hundred bytes.
const MOST: usize = 1 << 16;

/// Names that are followed of each link when those are used up: a hundred times what the system follows.
const LEAST: usize = 4096;

/// What is known of the links of a tree that the system does not follow to their ends.
#[derive(Debug, Default)]
pub(crate) struct Links(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// By link: does it lead nowhere?
    nowhere: HashMap<Link, bool>,
    /// How many names have been followed.
    followed: usize,
    key: RandomState,
}

/// A link, and the hash of what it says.
type Link = (Identity, u64);

impl Links {
    /// Is there nothing that the link `name` can lead to, where following it ended with this error?
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn lead_nowhere(
        &self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        errno: Errno,
        context: &Context<'_>,
    ) -> error::Result<bool> {
        if errno != Errno::LOOP {
            return Ok(is_nowhere(errno));
        }
        let known = &mut *lock(&self.0);
        // A number may be that of another link there.
        if may_repeat_numbers(directory) {
            known.nowhere.clear();
        }
        let most = MOST.saturating_sub(known.followed).max(LEAST);
        let mut walk = Walk { known, reached: None, targets: Vec::new(), followed: HashSet::new() };
        let found = walk.follow(directory, name, most, &mut Steps::new(context))?;
        let Walk { targets, .. } = walk;
        let Ok(end) = found else { return Ok(false) };
        // All that the walk was amid has the same end: each is a part of the way of the one before.
        if let End::Nowhere | End::Somewhere = end {
            let is_nowhere = matches!(end, End::Nowhere);
            known
                .nowhere
                .extend(targets.into_iter().filter_map(|target| Some((target.link?, is_nowhere))));
        }
        Ok(matches!(end, End::Nowhere))
    }
}

/// Does the error say that nothing is there, and nothing can be?
fn is_nowhere(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG)
}

/// Where a link leads.
enum End {
    Nowhere,
    Somewhere,
    /// It was given up.
    Unknown,
}

/// What is left of a path, and the link that it is the target of.
struct Target {
    link: Option<Link>,
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

/// The way of a link.
struct Walk<'k> {
    known: &'k mut Known,
    /// The directory that has been reached.
    reached: Option<OwnedFd>,
    /// The names still to follow: a link's target goes on top, and what was left of the path that named the link stays
    /// below it.
    targets: Vec<Target>,
    /// The links among them.
    followed: HashSet<Link>,
}

impl Walk<'_> {
    /// Follows a link as the system does, but any number of others: is there nothing, or a circle?
    ///
    /// # Errors
    /// When the context says stop. Within: what the system says of a name on the way.
    fn follow(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        most: usize,
        steps: &mut Steps<'_, '_>,
    ) -> error::Result<Result<End>> {
        self.targets.push(Target { link: None, rest: name.to_vec() });
        for _ in 0..most {
            steps.step()?;
            self.known.followed = self.known.followed.saturating_add(1);
            match self.advance(directory) {
                Ok(None) => {}
                Ok(Some(end)) => return Ok(Ok(end)),
                Err(errno) if is_nowhere(errno) => return Ok(Ok(End::Nowhere)),
                Err(errno) => return Ok(Err(errno)),
            }
        }
        Ok(Ok(End::Unknown))
    }

    /// Follows one name.
    fn advance(&mut self, directory: BorrowedFd<'_>) -> Result<Option<End>> {
        let Some(target) = self.targets.last_mut() else { return Ok(Some(End::Somewhere)) };
        let Some(name) = target.next() else {
            // What leads somewhere on the way to something else is not at its own end.
            if let Some(Target { link: Some(link), .. }) = self.targets.pop() {
                self.followed.remove(&link);
            }
            return Ok(None);
        };
        let here = self.reached.as_ref().map_or(directory, |reached| reached.as_fd());
        let stat = statat(here, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode).is_symlink() {
            let rest = readlinkat(here, &*name, Vec::new())?.into_bytes();
            let link = (Identity::of(&stat), self.known.key.hash_one(&rest));
            match self.known.nowhere.get(&link) {
                Some(true) => return Ok(Some(End::Nowhere)),
                Some(false) if self.are_at_end() => return Ok(Some(End::Somewhere)),
                _ => {}
            }
            // To follow it, it would have to be followed.
            if !self.followed.insert(link) {
                return Ok(Some(End::Nowhere));
            }
            if rest.starts_with(b"/") {
                self.reached = Some(pass_into(CWD, b"/")?);
            }
            self.targets.push(Target { link: Some(link), rest });
            return Ok(None);
        }
        if self.are_at_end() {
            return Ok(Some(End::Somewhere));
        }
        match pass_into(here, &name) {
            Ok(directory) => self.reached = Some(directory),
            Err(errno) => {
                // It is there, and no directory: links that lead to it and no further lead somewhere.
                while self.targets.last().is_some_and(Target::is_at_end) {
                    self.targets.pop();
                }
                return Err(errno);
            }
        }
        Ok(None)
    }

    fn are_at_end(&self) -> bool {
        // What is on top most often is not.
        self.targets.iter().rev().all(Target::is_at_end)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::*;
    use crate::run::context::Call;

    /// Does the link lead nowhere, as far as the links of this tree are known?
    fn asked(links: &Links, directory: &File, name: &str, call: &Call) -> error::Result<bool> {
        let context = Context::new(call);
        links.lead_nowhere(directory.as_fd(), name.as_bytes(), Errno::LOOP, &context)
    }

    /// How many names were followed.
    fn followed(links: &Links) -> usize {
        lock(&links.0).followed
    }

    fn linked(place: &Path, target: &str, name: &str) {
        symlink(target, place.join(name)).expect("linked");
    }

    #[test]
    fn a_circle_is_told_from_a_long_way() {
        let place = tempfile::tempdir().expect("a directory");
        let at = |name: &str| place.path().join(name);
        let link = |target: &str, name: &str| linked(place.path(), target, name);
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
        link("up0/file", "ends");
        link("up0/missing", "misses");
        let directory = File::open(place.path()).expect("opened");
        let call = Call::new(None);
        let nowhere =
            ["itself", "through", "one", "two", "grows", "lost0", "below a file", "misses"];
        let somewhere = ["way0", "up0", "plain", "ends", "way30", "up7"];
        let all = || {
            let nowhere = nowhere.iter().map(|name| (*name, true));
            nowhere.chain(somewhere.iter().map(|name| (*name, false))).collect::<Vec<_>>()
        };
        // Whatever is known of the others before.
        let links = Links::default();
        for (name, expected) in all().into_iter().chain(all().into_iter().rev()) {
            assert_eq!(asked(&links, &directory, name, &call), Ok(expected), "{name}");
            let alone = Links::default();
            assert_eq!(asked(&alone, &directory, name, &call), Ok(expected), "{name}, alone");
        }
    }

    #[test]
    fn a_circle_of_many_links_is_followed_once() {
        let place = tempfile::tempdir().expect("a directory");
        // More than are followed of one link when the others have used up the names for all links.
        let count = LEAST + 1000;
        for number in 0..count {
            linked(place.path(), &format!("l{}", (number + 1) % count), &format!("l{number}"));
            linked(place.path(), &format!("w{}", number + 1), &format!("w{number}"));
        }
        fs::write(place.path().join(format!("w{count}")), "").expect("written");
        let directory = File::open(place.path()).expect("opened");
        let (links, call) = (Links::default(), Call::new(None));
        for number in 0..count {
            let name = format!("l{}", number * 11 % count);
            assert_eq!(asked(&links, &directory, &name, &call), Ok(true), "{name}");
            let name = format!("w{}", number * 11 % count);
            assert_eq!(asked(&links, &directory, &name, &call), Ok(false), "{name}");
        }
        // The first walk of each takes all of its links; from the others it takes one name to come to one of them.
        assert!(followed(&links) <= 6 * count, "{}", followed(&links));
    }

    #[test]
    fn a_long_way_has_checkpoints_and_an_end() {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join("d")).expect("made");
        for number in 0..40 {
            linked(place.path(), &format!("x{0}/../x{0}", number + 1), &format!("x{number}"));
        }
        linked(place.path(), "d", "x40");
        let directory = File::open(place.path()).expect("opened");
        let (links, call) = (Links::default(), Call::new(None));
        // Some 2^40 names: it is given up.
        assert_eq!(asked(&links, &directory, "x0", &call), Ok(false));
        assert!((MOST..=MOST + LEAST).contains(&followed(&links)), "{}", followed(&links));
        assert!(call.checkpoints() >= MOST / 1024, "{}", call.checkpoints());
        assert_eq!(asked(&links, &directory, "x0", &call), Ok(false));
        assert_eq!(followed(&links), MOST + LEAST);
        let stopped = asked(&Links::default(), &directory, "x0", &Call::until_checkpoint(3));
        assert_eq!(stopped, Err(error::Error::Cancelled));
    }
}
