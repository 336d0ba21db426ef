//! What a user said of an archive: which part of it is compared, and its password.

use super::password::Password;
use crate::error::{Error, Name};
use crate::text::redact::redacted_fully;
use crate::tree::names;

/// How an archive is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opening {
    root: Root,
    password: Option<Password>,
}

/// The directory whose entries are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Root {
    /// That of the archive.
    #[default]
    All,
    /// The one of this name, composed, with so many parts.
    Below(Vec<u8>, usize),
    /// The one that everything lies in, whatever it is called.
    Only,
}

impl Opening {
    /// The archive as it is.
    pub(crate) const PLAIN: &'static Self = &Self { root: Root::All, password: None };

    /// Only what lies in the directory `root`, without it; `*` is the one directory that everything lies in.
    /// `parameter` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Argument`] where no archive can have such a directory.
    pub fn within(root: &[u8], parameter: &str) -> Result<Self, Error> {
        let shown = Name::new(&redacted_fully(root));
        let refuse = |why| Error::Argument(format!("{parameter} {why}: '{shown}'"));
        let path = names::normal(root).map_err(refuse)?;
        let root = match &*path {
            b"" => Root::All,
            b"*" => Root::Only,
            path => {
                let parts = path.split(|&byte| byte == b'/').count();
                Root::Below(names::composed(path.to_vec()), parts)
            }
        };
        Ok(Self { root, password: None })
    }

    /// The same with a password. `parameter` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Argument`] where no archive can have it.
    pub fn with_password(self, password: &[u8], parameter: &str) -> Result<Self, Error> {
        Ok(Self { password: Some(Password::new(password, parameter)?), ..self })
    }

    /// The password, if there is one.
    pub(crate) fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }
}

/// The names of an archive, seen from its root.
pub(crate) struct Rooted<'o> {
    opening: &'o Opening,
    /// Has there been anything in the root?
    is_found: bool,
    /// The one directory that everything lies in.
    top: Option<Vec<u8>>,
}

impl<'o> Rooted<'o> {
    pub(crate) fn new(opening: &'o Opening) -> Self {
        Self { opening, is_found: false, top: None }
    }

    /// What an entry of this name is called in the root; `None`: it does not lie there.
    ///
    /// # Errors
    /// When it lies beside the one directory that everything was to lie in.
    pub(crate) fn place(
        &mut self,
        name: Vec<u8>,
        is_directory: bool,
    ) -> Result<Option<Vec<u8>>, String> {
        match &self.opening.root {
            Root::All => return Ok(Some(name)),
            Root::Below(root, parts) => {
                let (head, tail) = split(&name, *parts);
                if names::composed(head.to_vec()) != *root {
                    return Ok(None);
                }
                self.is_found |= is_directory || tail.is_some();
                return Ok(tail.map(<[u8]>::to_vec));
            }
            Root::Only => {}
        }
        let (head, tail) = split(&name, 1);
        if tail.is_none() && !is_directory {
            let name = Name::new(&name);
            return Err(format!("does not lie in one directory: there is '{name}' beside it"));
        }
        let head = names::composed(head.to_vec());
        match &self.top {
            Some(top) if *top != head => {
                let [top, head] = [top, &head].map(|name| Name::new(name));
                Err(format!("does not lie in one directory, but in '{top}' and '{head}'"))
            }
            _ => {
                self.top = Some(head);
                Ok(tail.map(<[u8]>::to_vec))
            }
        }
    }

    /// The target of a hard link, seen from the root. One that lies elsewhere stays what it is, and is not found.
    pub(crate) fn target(&self, target: Vec<u8>) -> Vec<u8> {
        let parts = match &self.opening.root {
            Root::All => return target,
            Root::Below(_, parts) => *parts,
            Root::Only => 1,
        };
        let root = match &self.opening.root {
            Root::Below(root, _) => Some(root),
            _ => self.top.as_ref(),
        };
        match split(&target, parts) {
            (head, Some(tail)) if Some(&names::composed(head.to_vec())) == root => tail.to_vec(),
            // No name of an entry begins so.
            _ => [b"/", &*target].concat(),
        }
    }

    /// Asked after the last entry.
    ///
    /// # Errors
    /// When there was no such root.
    pub(crate) fn finish(&self) -> Result<(), String> {
        match &self.opening.root {
            Root::Below(root, _) if !self.is_found => {
                let name = Name::new(&redacted_fully(root));
                Err(format!("has no directory '{name}'"))
            }
            Root::Only if self.top.is_none() => Err("has no directory".to_owned()),
            _ => Ok(()),
        }
    }
}

/// So many parts of a path, and what follows them.
fn split(path: &[u8], parts: usize) -> (&[u8], Option<&[u8]>) {
    let mut slashes = (0..path.len()).filter(|&at| path[at] == b'/');
    match slashes.nth(parts - 1) {
        Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
        None => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(root: &str, names: &[&str]) -> Result<Vec<String>, String> {
        let opening = Opening::within(root.as_bytes(), "root").map_err(|it| it.to_string())?;
        let (mut rooted, mut placed) = (Rooted::new(&opening), Vec::new());
        for name in names {
            let (name, is_directory) = match name.strip_suffix('/') {
                Some(name) => (name, true),
                None => (*name, false),
            };
            if let Some(name) = rooted.place(name.into(), is_directory)? {
                placed.push(String::from_utf8(name).expect("UTF-8"));
            }
        }
        rooted.finish()?;
        Ok(placed)
    }

    #[test]
    fn what_lies_in_the_root_is_seen_from_there() {
        let all = ["p-1/a", "p-1/b/c", "q/a", "p-1", "p-10/x"];
        assert_eq!(placed("", &["a", "b/c"]), Ok(vec!["a".to_owned(), "b/c".to_owned()]));
        assert_eq!(placed("p-1", &all), Ok(vec!["a".to_owned(), "b/c".to_owned()]));
        assert_eq!(placed("./p-1//b/", &all), Ok(vec!["c".to_owned()]));
        assert_eq!(placed("p-1", &["p-1/"]), Ok(vec![]), "an empty directory");
        assert_eq!(placed("p-1", &["p-1", "p"]), Err("has no directory 'p-1'".to_owned()));
        assert_eq!(placed("caf\u{e9}", &["cafe\u{301}/x"]), Ok(vec!["x".to_owned()]));
    }

    #[test]
    fn the_one_directory_is_found_and_others_are_refused() {
        assert_eq!(placed("*", &["p/", "p/a", "p/b/c"]), Ok(vec!["a".into(), "b/c".into()]));
        let two = "does not lie in one directory, but in 'p' and 'q'";
        assert_eq!(placed("*", &["p/a", "q/b"]), Err(two.to_owned()));
        let beside = "does not lie in one directory: there is 'x' beside it";
        assert_eq!(placed("*", &["p/a", "x"]), Err(beside.to_owned()));
        assert_eq!(placed("*", &[]), Err("has no directory".to_owned()));
    }

    #[test]
    fn a_root_that_no_archive_has_is_refused() {
        for (root, why) in [("/p", "is absolute"), ("../p", "has a '..' part")] {
            let message = format!("root {why}: '{root}'");
            assert_eq!(Opening::within(root.as_bytes(), "root"), Err(Error::Argument(message)));
        }
    }

    #[test]
    fn the_target_of_a_hard_link_is_seen_from_the_root() {
        let opening = Opening::within(b"p", "root").expect("a root");
        let rooted = Rooted::new(&opening);
        assert_eq!(rooted.target(b"p/a".to_vec()), b"a");
        assert_eq!(rooted.target(b"q/a".to_vec()), b"/q/a");
        assert_eq!(rooted.target(b"a".to_vec()), b"/a");
    }
}
