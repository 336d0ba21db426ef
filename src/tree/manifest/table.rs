//! What a manifest lists, in little memory, in the order of directories.
//!
//! All names and digests lie in one allocation. Names are sorted as if the slash came before every other byte, so
//! that what lies in one directory follows one another, and a directory is a range of rows.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use super::algorithm::Algorithm;
use crate::error::{Error, Name, Result};
use crate::run::context::{Context, Steps};
use crate::run::sort;
use crate::tree::names;

/// In place of a size that is not known.
const UNKNOWN: u64 = u64::MAX;

/// What a manifest lists.
#[derive(Debug)]
pub(crate) struct Table {
    /// The user's name for the manifest.
    pub(crate) name: Name,
    text: Vec<u8>,
    rows: Vec<Row>,
    /// Names that cannot be in a tree, and why: they are matched with nothing.
    refused: Vec<(Vec<u8>, Error)>,
    /// Which of two algorithms has made the digests whose length is all that tells of them. Known once a
    /// content had one of the two.
    settled: AtomicU8,
    /// The lengths of digests that the manifest on the other side has, too; filled when it is first asked for.
    /// A table is read for one comparison, so that the other one is always the same.
    shared_lengths: OnceLock<Vec<usize>>,
}

/// A name with one digest, or without.
#[derive(Debug, Clone, Copy)]
struct Row {
    name: usize,
    digest: usize,
    size: u64,
    name_length: u32,
    line: u32,
    digest_length: u8,
    algorithm: Option<Algorithm>,
    /// Does only its length tell the algorithm?
    is_guessed: bool,
}

/// A digest, as a manifest lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListedDigest<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) bytes: &'t [u8],
    pub(crate) is_guessed: bool,
}

impl Table {
    /// Nothing yet.
    pub(crate) fn new(name: Name) -> Self {
        let (text, rows, refused) = (Vec::new(), Vec::new(), Vec::new());
        let (settled, shared_lengths) = (AtomicU8::new(0), OnceLock::new());
        Self { name, text, rows, refused, settled, shared_lengths }
    }

    /// Adds what a line says of the file `name`: a digest each, or none that is known.
    ///
    /// # Errors
    /// For a name that is no file's.
    pub(crate) fn push(
        &mut self,
        line: u32,
        name: &[u8],
        size: Option<u64>,
        digests: &[ListedDigest<'_>],
    ) -> Result<()> {
        let path = match names::normal(name) {
            Ok(path) if path.is_empty() => {
                return Err(Error::manifest(&self.name, line, "names no file"));
            }
            Ok(path) => path,
            Err(cause) => {
                let error = Error::manifest(&self.name, line, &format!("the name {cause}"));
                self.refused.push((name.to_vec(), error));
                return Ok(());
            }
        };
        let start = self.text.len();
        self.text.extend_from_slice(&path);
        let name_length = u32::try_from(path.len()).unwrap_or(u32::MAX);
        let mut row = Row {
            name: start,
            digest: start,
            size: size.unwrap_or(UNKNOWN),
            name_length,
            line,
            digest_length: 0,
            algorithm: None,
            is_guessed: false,
        };
        if digests.is_empty() {
            self.rows.push(row);
        }
        for digest in digests {
            row.digest = self.text.len();
            row.digest_length = u8::try_from(digest.bytes.len()).unwrap_or(u8::MAX);
            row.algorithm = Some(digest.algorithm);
            row.is_guessed = digest.is_guessed;
            self.text.extend_from_slice(digest.bytes);
            self.rows.push(row);
        }
        Ok(())
    }

    /// Sorts the rows once all are there, and refuses those that contradict each other.
    ///
    /// # Errors
    /// For two digests of one algorithm, or two sizes, of one name; for a file in which others lie; when the
    /// context says stop.
    pub(crate) fn finish(mut self, context: &Context<'_>) -> Result<Self> {
        let mut rows = std::mem::take(&mut self.rows);
        sort::sort_by(&mut rows, context, |one, two| {
            let key = |row: &Row| (row.algorithm, row.line);
            compare(self.name_of(one), self.name_of(two)).then_with(|| key(one).cmp(&key(two)))
        })?;
        for (one, two) in rows.iter().zip(rows.iter().skip(1)) {
            let (name, next) = (self.name_of(one), self.name_of(two));
            let refused = |row: &Row, cause: &str| {
                let cause = format!("'{}' {cause}", Name::new(self.name_of(row)));
                Err(Error::manifest(&self.name, row.line, &cause))
            };
            if name == next {
                let later = if one.line < two.line { two } else { one };
                let is_one =
                    one.algorithm == two.algorithm && one.digest_length == two.digest_length;
                if is_one && self.digest_of(one) != self.digest_of(two) {
                    return refused(later, "has another digest on an earlier line");
                }
                if one.size != two.size && one.size != UNKNOWN && two.size != UNKNOWN {
                    return refused(later, "has another size on an earlier line");
                }
            } else if next.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"/")) {
                return refused(two, "lies in what is a file itself");
            }
        }
        self.rows = rows;
        self.text.shrink_to_fit();
        Ok(self)
    }

    fn name_of(&self, row: &Row) -> &[u8] {
        &self.text[row.name..row.name + row.name_length as usize]
    }

    fn digest_of(&self, row: &Row) -> &[u8] {
        &self.text[row.digest..row.digest + usize::from(row.digest_length)]
    }

    /// All rows.
    pub(crate) fn all(&self) -> Range<usize> {
        0..self.rows.len()
    }

    /// Names that cannot be in a tree, and why.
    pub(crate) fn refused(&self) -> &[(Vec<u8>, Error)] {
        &self.refused
    }

    /// The whole name in a row.
    pub(crate) fn name(&self, row: usize) -> &[u8] {
        self.name_of(&self.rows[row])
    }

    /// The rows of `range`, a directory's, whose names go on with `part` behind the first `skip` bytes: those
    /// of one file, or of one directory.
    pub(crate) fn below(&self, range: Range<usize>, skip: usize, part: &[u8]) -> Range<usize> {
        let rows = &self.rows[range.clone()];
        let rest = |row: &Row| -> &[u8] { &self.name_of(row)[skip..] };
        let first = rows.partition_point(|row| compare(rest(row), part).is_lt());
        let is_within = |row: &Row| {
            let behind = rest(row).strip_prefix(part);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with(b"/"))
        };
        // All that begin with it follow: a slash sorts before any other byte.
        let count = rows[first..].partition_point(is_within);
        range.start + first..range.start + first + count
    }

    /// The size in these rows, which are a file's, if any of them has one.
    pub(crate) fn size(&self, rows: Range<usize>) -> Option<u64> {
        self.rows[rows].iter().map(|row| row.size).find(|&size| size != UNKNOWN)
    }

    /// The digests in these rows, which are a file's.
    pub(crate) fn digests(&self, rows: Range<usize>) -> impl Iterator<Item = ListedDigest<'_>> {
        self.rows[rows].iter().filter_map(|row| {
            let (bytes, is_guessed) = (self.digest_of(row), row.is_guessed);
            row.algorithm.map(|algorithm| ListedDigest { algorithm, bytes, is_guessed })
        })
    }

    /// Every algorithm that may have made a digest in it, and how long those are.
    pub(crate) fn algorithms(&self) -> Vec<(Algorithm, usize)> {
        let mut all = BTreeSet::new();
        for row in &self.rows {
            let Some(algorithm) = row.algorithm else { continue };
            let length = usize::from(row.digest_length);
            all.insert((algorithm, length));
            let other = algorithm.alternative().filter(|_| row.is_guessed);
            all.extend(other.map(|other| (other, length)));
        }
        all.into_iter().collect()
    }

    /// The algorithms that may have made a digest.
    pub(crate) fn candidates(
        &self,
        digest: ListedDigest<'_>,
    ) -> impl Iterator<Item = Algorithm> + use<> {
        let (usual, other) = (digest.algorithm, digest.algorithm.alternative());
        let other = other.filter(|_| digest.is_guessed);
        let (usual, other) = match self.settled.load(Relaxed) {
            1 => (Some(usual), None),
            2 if other.is_some() => (None, other),
            _ => (Some(usual), other),
        };
        usual.into_iter().chain(other)
    }

    /// Has one algorithm made these digests of two manifests, so that they can be compared? Digests of one length
    /// may be of two algorithms where nothing names them; if any digest of that length is in both manifests, they
    /// are not.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn is_of_one_algorithm(
        &self,
        digest: ListedDigest<'_>,
        other: &Self,
        others: ListedDigest<'_>,
        context: &Context<'_>,
    ) -> Result<bool> {
        let is_known = self.candidates(digest).eq(other.candidates(others))
            && self.candidates(digest).nth(1).is_none();
        if is_known {
            return Ok(true);
        }
        let lengths = match self.shared_lengths.get() {
            Some(lengths) => lengths,
            None => {
                let lengths = self.lengths_shared_with(other, context)?;
                self.shared_lengths.get_or_init(|| lengths)
            }
        };
        Ok(lengths.contains(&digest.bytes.len()))
    }

    /// The lengths of the digests that are in both tables.
    fn lengths_shared_with(&self, other: &Self, context: &Context<'_>) -> Result<Vec<usize>> {
        let mut steps = Steps::new(context);
        let mut ours = HashSet::new();
        for row in self.rows.iter().filter(|row| row.algorithm.is_some()) {
            steps.step()?;
            ours.insert(self.digest_of(row));
        }
        let mut lengths = Vec::new();
        for row in &other.rows {
            steps.step()?;
            let digest = other.digest_of(row);
            if row.algorithm.is_some() && !lengths.contains(&digest.len()) && ours.contains(digest)
            {
                lengths.push(digest.len());
            }
        }
        Ok(lengths)
    }

    /// A content has shown which algorithm it is.
    pub(crate) fn settle(&self, digest: ListedDigest<'_>, algorithm: Algorithm) {
        if digest.is_guessed && digest.algorithm.alternative().is_some() {
            self.settled.store(if algorithm == digest.algorithm { 1 } else { 2 }, Relaxed);
        }
    }
}

/// The order of names, in which a slash comes before every other byte. No name has a NUL.
fn compare(one: &[u8], other: &[u8]) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    one.get(common).map(key).cmp(&other.get(common).map(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    fn table(lines: &[(&str, &[u8])]) -> Result<Table> {
        let mut table = Table::new("sums".into());
        for (line, (name, bytes)) in (1..).zip(lines) {
            let digest = ListedDigest { algorithm: Algorithm::Md5, bytes, is_guessed: false };
            table.push(line, name.as_bytes(), None, &[digest])?;
        }
        table.finish(&Context::new(&Call::new(None)))
    }

    fn error(lines: &[(&str, &[u8])]) -> String {
        table(lines).expect_err("refused").to_string()
    }

    #[test]
    fn what_lies_in_a_directory_follows_one_another() {
        let names = ["a.b", "a/c", "b", "a/b/c", "a-b", "a/b/a"];
        let table = table(&names.map(|name| (name, &b"x"[..]))).expect("a table");
        let sorted: Vec<_> = table.all().map(|row| table.name(row)).collect();
        let expected = ["a/b/a", "a/b/c", "a/c", "a-b", "a.b", "b"];
        assert_eq!(sorted, expected.map(str::as_bytes));
        assert_eq!(table.below(table.all(), 0, b"a"), 0..3);
        assert_eq!(table.below(0..3, 2, b"b"), 0..2);
        assert_eq!(table.below(table.all(), 0, b"a."), 4..4);
        assert_eq!(table.below(table.all(), 0, b"b"), 5..6);
    }

    #[test]
    fn lines_that_contradict_each_other_are_refused_by_number() {
        assert!(table(&[("a", b"x"), ("./a", b"x")]).is_ok());
        assert_eq!(
            error(&[("a", b"x"), ("b", b"x"), ("a", b"y")]),
            "sums: line 3: 'a' has another digest on an earlier line"
        );
        assert_eq!(
            error(&[("a/b", b"x"), ("a-", b"x"), ("a", b"x")]),
            "sums: line 1: 'a/b' lies in what is a file itself"
        );
        assert_eq!(error(&[("a", b"x"), (".", b"x")]), "sums: line 2: names no file");
    }

    #[test]
    fn names_that_cannot_be_in_a_tree_are_kept_apart() {
        let table = table(&[("/a", b"x"), ("b/../c", b"x"), ("d", b"x")]).expect("a table");
        let reasons: Vec<_> = table.refused().iter().map(|(_, error)| error.to_string()).collect();
        assert_eq!(
            reasons,
            ["sums: line 1: the name is absolute", "sums: line 2: the name has a '..' part"]
        );
        assert_eq!(table.all(), 0..1);
    }
}
