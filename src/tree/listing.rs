//! The names in one directory.

use std::cmp::Ordering;

use crate::error::Result;
use crate::run::context::{Context, Steps};
use crate::run::sort;

/// Entries between two checkpoints: far less than a millisecond's work, and enough for the checkpoints to
/// cost nothing.
pub const CHECKED: usize = 256;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// It has content.
    File,
    /// It has entries.
    Directory,
    /// The same, reached through a symbolic link.
    LinkedDirectory,
    /// A symbolic link that is compared by its target: links are not followed, or it leads nowhere.
    Link,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// One of several whose names may be one, spelled differently.
    Ambiguous,
    /// It could not be found out, because of this system error.
    Unknown(i32),
}

impl EntryKind {
    /// Can it have entries?
    #[must_use]
    pub fn is_directory(self) -> bool {
        matches!(self, Self::Directory | Self::LinkedDirectory)
    }

    /// Is it, or may it be, a symbolic link?
    #[must_use]
    pub fn is_link(self) -> bool {
        matches!(self, Self::Link | Self::LinkedDirectory)
    }
}

/// The entries of one directory. All names lie in one allocation: a directory of a million files
/// takes 24 bytes and its name for each of them.
#[derive(Debug, Default)]
pub struct Listing {
    names: Vec<u8>,
    entries: Vec<ListedName>,
}

#[derive(Debug, Clone, Copy)]
struct ListedName {
    start: usize,
    length: u32,
    kind: EntryKind,
}

impl Listing {
    /// Adds an entry.
    ///
    /// # Panics
    /// When the name has 4 GiB or more.
    pub fn push(&mut self, name: &[u8], kind: EntryKind) {
        let start = self.names.len();
        let length = u32::try_from(name.len()).expect("names are at most 255 bytes on any system");
        self.names.extend_from_slice(name);
        self.entries.push(ListedName { start, length, kind });
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is there no entry?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The name of an entry.
    #[must_use]
    pub fn name(&self, index: usize) -> &[u8] {
        let ListedName { start, length, .. } = self.entries[index];
        &self.names[start..start + length as usize]
    }

    /// What an entry is.
    #[must_use]
    pub fn kind(&self, index: usize) -> EntryKind {
        self.entries[index].kind
    }

    /// Are all names ASCII?
    #[must_use]
    pub(crate) fn is_ascii(&self) -> bool {
        self.names.is_ascii()
    }

    /// Gives an entry another name.
    pub(crate) fn rename(&mut self, index: usize, name: &[u8]) {
        let kind = self.entries[index].kind;
        self.push(name, kind);
        self.entries.swap_remove(index);
    }

    /// Says what an entry is.
    pub(crate) fn set_kind(&mut self, index: usize, kind: EntryKind) {
        self.entries[index].kind = kind;
    }

    /// Sorts the entries by their names. Of several entries of one name only one is left.
    fn sort(&mut self, context: &Context<'_>) -> Result<()> {
        let names = &self.names;
        let name = |entry: &ListedName| &names[entry.start..entry.start + entry.length as usize];
        sort::sort_by(&mut self.entries, context, |one, two| name(one).cmp(name(two)))?;
        self.entries.dedup_by(|one, two| name(one) == name(two));
        Ok(())
    }

    /// Leaves one entry of each name. A directory may list a name twice: some filesystems do that, and
    /// any that is changed at that moment.
    ///
    /// # Errors
    /// When the context says stop.
    pub fn make_unique(&mut self, context: &Context<'_>) -> Result<()> {
        if self.may_have_duplicates(context)? { self.sort(context) } else { Ok(()) }
    }

    /// Does, or may, a name come twice? Names are told apart by their hashes, in a table with twice as many
    /// slots: 10 ns a name, where sorting them takes 100.
    fn may_have_duplicates(&self, context: &Context<'_>) -> Result<bool> {
        let slots = (2 * self.len()).next_power_of_two();
        let (mut table, mut steps) = (vec![0_u64; slots], Steps::new(context));
        for index in 0..self.len() {
            steps.step()?;
            // A slot of zero is free.
            let hash = hash(self.name(index)) | 1;
            #[allow(clippy::cast_possible_truncation, reason = "only its low bits count")]
            let mut searched =
                (0..LONGEST_SEARCH).map(|step| ((hash >> 1) as usize + step) & (slots - 1));
            match searched.find(|&slot| [0, hash].contains(&table[slot])) {
                Some(slot) if table[slot] == 0 => table[slot] = hash,
                _ => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// Slots that are searched before two names count as perhaps the same: more than needed by any names that
/// were not chosen to collide.
const LONGEST_SEARCH: usize = 64;

/// A hash of a name: words of eight bytes, folded in as wyhash does it, by a multiplication to 128 bits
/// of which both halves count. The factor is 2⁶⁴ divided by the golden ratio.
fn hash(name: &[u8]) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    let mix = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15;
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = name.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let start = mix(name.len() as u64, u64::MAX);
    mix(words.fold(start, mix), u64::from_le_bytes(last))
}

/// An entry of two directories, by its index in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Only the left has it.
    Left(usize),
    /// Only the right has it.
    Right(usize),
    /// Both have it.
    Both(usize, usize),
}

/// Brings two listings into one order and calls `found` for every name in either.
///
/// # Errors
/// When the context says stop.
pub fn merge(
    left: &mut Listing,
    right: &mut Listing,
    context: &Context<'_>,
    mut found: impl FnMut(&Listing, &Listing, Match) -> Result<()>,
) -> Result<()> {
    // Copies of a directory on one filesystem are usually listed in the same order.
    let mut steps = Steps::new(context);
    let mut index = 0;
    while index < left.len() && index < right.len() && left.name(index) == right.name(index) {
        steps.step()?;
        index += 1;
    }
    if index < left.len() || index < right.len() || left.may_have_duplicates(context)? {
        left.sort(context)?;
        right.sort(context)?;
    }
    let (left, right) = (&*left, &*right);
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        let order = match (l < left.len(), r < right.len()) {
            (true, false) => Ordering::Less,
            (false, _) => Ordering::Greater,
            (true, true) => left.name(l).cmp(right.name(r)),
        };
        let entry = match order {
            Ordering::Less => Match::Left(l),
            Ordering::Greater => Match::Right(r),
            Ordering::Equal => Match::Both(l, r),
        };
        l += usize::from(order.is_le());
        r += usize::from(order.is_ge());
        found(left, right, entry)?;
        if (l + r).is_multiple_of(CHECKED) {
            context.checkpoint()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    fn merged(left: &[&str], right: &[&str]) -> Vec<String> {
        let listing = |names: &[&str]| {
            let mut listing = Listing::default();
            for name in names {
                listing.push(name.as_bytes(), EntryKind::File);
            }
            listing
        };
        let mut all = Vec::new();
        let (call, mut left, mut right) = (Call::new(None), listing(left), listing(right));
        let merged = merge(&mut left, &mut right, &Context::new(&call), |left, right, entry| {
            let text = |name: &[u8]| String::from_utf8(name.to_vec()).expect("UTF-8");
            all.push(match entry {
                Match::Left(l) => format!("-{}", text(left.name(l))),
                Match::Right(r) => format!("+{}", text(right.name(r))),
                Match::Both(l, r) => {
                    assert_eq!(left.name(l), right.name(r));
                    format!("={}", text(left.name(l)))
                }
            });
            Ok(())
        });
        assert_eq!(merged, Ok(()));
        all
    }

    #[test]
    fn merging_names_in_the_same_order_has_checkpoints() {
        let listing = || {
            let mut listing = Listing::default();
            (0..10_000).for_each(|name: u32| listing.push(&name.to_be_bytes(), EntryKind::File));
            listing
        };
        let (mut left, mut right) = (listing(), listing());
        right.push(b"another", EntryKind::File);
        let call = Call::until_checkpoint(5);
        let merged = merge(&mut left, &mut right, &Context::new(&call), |_, _, _| panic!("merged"));
        assert_eq!(merged, Err(crate::error::Error::Cancelled));
    }

    #[test]
    fn every_name_of_either_side_comes_once() {
        assert_eq!(merged(&["c", "a", "b"], &["b", "d", "a"]), ["=a", "=b", "-c", "+d"]);
        assert_eq!(merged(&["b", "a"], &["b", "a"]), ["=b", "=a"]);
        assert_eq!(merged(&["b", "a"], &["a", "b"]), ["=a", "=b"]);
        assert_eq!(merged(&["b", "a"], &[]), ["-a", "-b"]);
        assert_eq!(merged(&[], &["b", "a"]), ["+a", "+b"]);
        assert_eq!(merged(&[], &[]), [""; 0]);
    }

    #[test]
    fn a_name_that_is_listed_twice_comes_once() {
        assert_eq!(merged(&["b", "a", "b"], &["b", "a", "b"]), ["=a", "=b"]);
        assert_eq!(merged(&["a", "a"], &["a"]), ["=a"]);
        assert_eq!(merged(&["a"], &["b", "b", "b"]), ["-a", "+b"]);
        let mut listing = Listing::default();
        let names = (0..5000).map(|number| (number % 4999).to_string());
        for name in names {
            listing.push(name.as_bytes(), EntryKind::File);
        }
        let call = Call::new(None);
        assert_eq!(listing.make_unique(&Context::new(&call)), Ok(()));
        assert_eq!(listing.len(), 4999);
    }

    #[test]
    fn names_that_all_differ_are_not_taken_for_the_same() {
        for length in [1, 2, 7, 8, 9, 20] {
            let mut listing = Listing::default();
            for number in 0..20_000_u32 {
                let name = format!("{number:0length$}");
                listing.push(name.as_bytes(), EntryKind::File);
                listing.push(format!("{name}\0").as_bytes(), EntryKind::File);
            }
            let found = listing.may_have_duplicates(&Context::new(&Call::new(None)));
            assert_eq!(found, Ok(false), "{length}");
        }
    }
}
