//! Which entries of a tree count: patterns as in a `.gitignore` file, for what is left out and for what alone is
//! compared.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use ::ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::error::{Error, Result};

/// Patterns with gitignore meaning, compiled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ignore(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    patterns: Vec<String>,
    matcher: Gitignore,
}

impl Ignore {
    /// Compiles `patterns`, of which later ones win over earlier ones.
    ///
    /// # Errors
    /// [`Error::Argument`] with the index of a pattern that is none.
    pub fn new(patterns: Vec<String>) -> Result<Self> {
        Self::named("ignore", patterns)
    }

    fn named(option: &str, patterns: Vec<String>) -> Result<Self> {
        let mut builder = GitignoreBuilder::new("");
        let broken = |index: usize, cause: &dyn std::fmt::Display| {
            Error::Argument(format!("{option}[{index}] is not a pattern: {cause}"))
        };
        for (index, pattern) in patterns.iter().enumerate() {
            builder
                .add_line(None, &without_braces(pattern))
                .map_err(|error| broken(index, &error))?;
        }
        let matcher = builder.build().map_err(|error| broken(0, &error))?;
        Ok(Self(Arc::new(Compiled { patterns, matcher })))
    }

    /// The patterns as they were given.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.0.patterns
    }

    /// Is the entry at `path`, relative to the root, left out? Not asked about what lies in a
    /// directory that is.
    #[must_use]
    pub fn leaves_out(&self, path: &[u8], is_directory: bool) -> bool {
        self.0.matcher.matched(OsStr::from_bytes(path), is_directory).is_ignore()
    }
}

/// Patterns of what alone counts, compiled. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Only(Ignore);

impl Only {
    /// Compiles `patterns`, of which later ones win over earlier ones.
    ///
    /// # Errors
    /// [`Error::Argument`] with the index of a pattern that is none.
    pub fn new(patterns: Vec<String>) -> Result<Self> {
        Ignore::named("only", patterns).map(Self)
    }

    /// The patterns as they were given.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        self.0.patterns()
    }

    /// Does the file at `path`, relative to the root, or a directory that it lies in, match?
    #[must_use]
    pub fn takes(&self, path: &[u8]) -> bool {
        // The matcher does not take the root.
        let matcher = &self.0.0.matcher;
        path.is_empty()
            || matcher.matched_path_or_any_parents(OsStr::from_bytes(path), false).is_ignore()
    }
}

/// Which entries of both trees count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) ignore: Option<Ignore>,
    pub(crate) only: Option<Only>,
}

impl Selection {
    /// Is the entry at `path` left out? Not asked about what lies in a directory that is. What is, or may be, a
    /// directory can have entries that are chosen.
    pub(crate) fn leaves_out(
        &self,
        path: &[u8],
        is_directory: bool,
        may_have_entries: bool,
    ) -> bool {
        self.ignore.as_ref().is_some_and(|ignore| ignore.leaves_out(path, is_directory))
            || (!may_have_entries && self.only.as_ref().is_some_and(|only| !only.takes(path)))
    }

    /// Is the file at `path` left out, or a directory that it lies in?
    pub(crate) fn leaves_out_file(&self, path: &[u8]) -> bool {
        let is_ignored = |ignore: &Ignore| {
            let slashes = (0..path.len()).filter(|&at| path[at] == b'/');
            slashes
                .map(|at| (&path[..at], true))
                .chain([(path, false)])
                .any(|(path, is_directory)| ignore.leaves_out(path, is_directory))
        };
        self.ignore.as_ref().is_some_and(is_ignored)
            || self.only.as_ref().is_some_and(|only| !only.takes(path))
    }

    /// Does all of it count?
    pub(crate) fn is_all(&self) -> bool {
        self.ignore.is_none() && self.only.is_none()
    }
}

/// `pattern` with its braces escaped: to git they are letters like others, to the matcher they enclose
/// alternatives. In brackets they are letters to both.
fn without_braces(pattern: &str) -> String {
    let mut escaped = String::with_capacity(pattern.len());
    let (mut in_brackets, mut after_backslash) = (false, false);
    for letter in pattern.chars() {
        if matches!(letter, '{' | '}') && !in_brackets && !after_backslash {
            escaped.push('\\');
        }
        match letter {
            '[' if !after_backslash => in_brackets = true,
            ']' if !after_backslash => in_brackets = false,
            _ => {}
        }
        after_backslash = letter == '\\' && !after_backslash;
        escaped.push(letter);
    }
    escaped
}

impl PartialEq for Ignore {
    fn eq(&self, other: &Self) -> bool {
        self.patterns() == other.patterns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(patterns: &[&str]) -> Ignore {
        Ignore::new(patterns.iter().map(|&pattern| pattern.to_owned()).collect()).expect("patterns")
    }

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let ignore = ignore(&[
            "*.pyc",
            "__pycache__",
            "/build/",
            "docs/*.html",
            "a/**/z",
            "!keep.pyc",
            "# x",
        ]);
        let cases: [(&str, bool, bool); 17] = [
            ("x.pyc", false, true),
            ("deep/down/x.pyc", false, true),
            ("keep.pyc", false, false),
            ("deep/keep.pyc", false, false),
            ("__pycache__", true, true),
            ("a/__pycache__", true, true),
            ("__pycache__", false, true),
            ("build", true, true),
            ("build", false, false),
            ("a/build", true, false),
            ("docs/x.html", false, true),
            ("docs/sub/x.html", false, false),
            ("sub/docs/x.html", false, false),
            ("a/z", false, true),
            ("a/b/c/z", false, true),
            ("b/a/z", false, false),
            ("# x", false, false),
        ];
        for (path, is_directory, expected) in cases {
            assert_eq!(ignore.leaves_out(path.as_bytes(), is_directory), expected, "{path}");
        }
    }

    #[test]
    fn what_alone_counts_matches_itself_or_by_a_directory_that_it_lies_in() {
        let only = |patterns: &[&str]| {
            Only::new(patterns.iter().map(|&it| it.to_owned()).collect()).expect("patterns")
        };
        let chosen = only(&["*.py", "/docs/", "!docs/*.tmp", "!skip.py"]);
        for path in ["a.py", "deep/a.py", "docs/x", "docs/deep/x"] {
            assert!(chosen.takes(path.as_bytes()), "{path}");
        }
        for path in ["a.pyc", "deep/docs/x", "docs/x.tmp", "skip.py", "a", "docs"] {
            assert!(!chosen.takes(path.as_bytes()), "{path}");
        }
        assert!(chosen.takes(b""), "an archive's one entry without a name");
        assert!(!only(&[]).takes(b"a"));
        let selection = Selection { ignore: Some(ignore(&["docs/"])), only: Some(chosen) };
        assert!(selection.leaves_out_file(b"docs/x") && selection.leaves_out_file(b"docs/deep/x"));
        assert!(!selection.leaves_out_file(b"a.py"));
        assert!(selection.leaves_out(b"docs", true, true), "ignored");
        assert!(!selection.leaves_out(b"other", true, true), "it may have what is chosen");
        assert!(selection.leaves_out(b"other", false, false));
        let message = Only::new(vec!["[z-a]".to_owned()]).expect_err("no pattern").to_string();
        assert!(message.starts_with("only[0] is not a pattern: "), "{message}");
    }

    #[test]
    fn a_brace_is_a_letter() {
        assert!(!ignore(&["*.{a,b}"]).leaves_out(b"x.a", false));
        assert!(ignore(&["*.{a,b}"]).leaves_out(b"x.{a,b}", false));
        assert!(ignore(&["{a"]).leaves_out(b"{a", false));
        assert!(ignore(&["\\{a[{}]"]).leaves_out(b"{a}", false));
    }

    #[test]
    fn a_name_need_not_be_utf8() {
        assert!(ignore(&["*.tmp"]).leaves_out(b"\xff\xfe.tmp", false));
        assert!(!ignore(&["*.tmp"]).leaves_out(b"\xff\xfe", false));
    }

    #[test]
    fn a_broken_pattern_is_named_by_its_index() {
        let broken = Ignore::new(vec!["*.o".to_owned(), "[z-a]".to_owned()]);
        let message = broken.expect_err("no pattern").to_string();
        assert!(message.starts_with("ignore[1] is not a pattern: "), "{message}");
    }
}
