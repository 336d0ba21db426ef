//! Names of two directories that differ only in how they are spelled.
//!
//! Names are paired byte for byte. What is left over on both sides may still be the same name, composed on one side
//! and decomposed on the other, as filesystems and tools leave it. Where it is not clear which belongs to which, none
//! of them is paired.

use std::collections::{HashMap, HashSet};

use super::listing::{EntryKind, Listing};
use super::names;
use crate::error::Result;
use crate::run::context::{Context, Steps};
use crate::text::fold::folded;

/// The right names that are spelled differently from the left ones that they are paired with.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    /// By the left name.
    own: HashMap<Vec<u8>, Vec<u8>>,
}

/// What is left over of one name, by its place in either listing.
#[derive(Default)]
struct Same {
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Spellings {
    /// How the right directory spells a name that both have.
    pub(crate) fn own<'n>(&'n self, name: &'n [u8]) -> &'n [u8] {
        self.own.get(name).map_or(name, Vec::as_slice)
    }

    /// Gives each name of the right listing that is spelled differently on the left the left spelling, and marks
    /// those of both that could be several.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn pair(
        left: &mut Listing,
        right: &mut Listing,
        ignore_case: bool,
        context: &Context<'_>,
    ) -> Result<Self> {
        let mut spellings = Self::default();
        if !ignore_case && left.is_ascii() && right.is_ascii() {
            return Ok(spellings);
        }
        // A name that is listed twice is no other one.
        left.make_unique(context)?;
        right.make_unique(context)?;
        let mut steps = Steps::new(context);
        let found = if ignore_case {
            folded_alike(left, right, &mut steps)?
        } else {
            left_over(left, right, &mut steps)?
        };
        for same in found.into_values() {
            steps.step()?;
            match (&same.left[..], &same.right[..]) {
                // Where case does not count, two names of one side are several of one, whatever the other has.
                ([], rest) | (rest, []) if !ignore_case || rest.len() < 2 => {}
                (&[one], &[other]) if left.name(one) == right.name(other) => {}
                (&[one], &[other]) => {
                    let (one, own) = (left.name(one).to_vec(), right.name(other).to_vec());
                    right.rename(other, &one);
                    spellings.own.insert(one, own);
                }
                (lefts, rights) => {
                    for (listing, indices) in [(&mut *left, lefts), (&mut *right, rights)] {
                        for &index in indices {
                            listing.set_kind(index, EntryKind::Ambiguous);
                        }
                    }
                }
            }
        }
        Ok(spellings)
    }
}

/// All names, by what those have in common that differ only in case.
fn folded_alike(
    left: &Listing,
    right: &Listing,
    steps: &mut Steps<'_, '_>,
) -> Result<HashMap<Vec<u8>, Same>> {
    let mut found: HashMap<Vec<u8>, Same> = HashMap::new();
    for (listing, is_left) in [(left, true), (right, false)] {
        for index in 0..listing.len() {
            steps.step()?;
            let same = found.entry(folded(listing.name(index))).or_default();
            if is_left { same.left.push(index) } else { same.right.push(index) }
        }
    }
    Ok(found)
}

/// The names that only one side has, by their composed form.
fn left_over(
    left: &Listing,
    right: &Listing,
    steps: &mut Steps<'_, '_>,
) -> Result<HashMap<Vec<u8>, Same>> {
    let mut all: [HashSet<&[u8]>; 2] = Default::default();
    for (names, listing) in all.iter_mut().zip([left, right]) {
        for index in 0..listing.len() {
            steps.step()?;
            names.insert(listing.name(index));
        }
    }
    let [lefts, rights] = &all;
    let mut found: HashMap<Vec<u8>, Same> = HashMap::new();
    for (listing, others, is_left) in [(left, rights, true), (right, lefts, false)] {
        for index in 0..listing.len() {
            steps.step()?;
            let name = listing.name(index);
            if !others.contains(name) {
                let same = found.entry(names::composed(name.to_vec())).or_default();
                if is_left { same.left.push(index) } else { same.right.push(index) }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;
    use crate::tree::listing::{Match, merge};

    fn paired(left: &[&str], right: &[&str], ignore_case: bool) -> Vec<String> {
        let listing = |names: &[&str]| {
            let mut listing = Listing::default();
            for name in names {
                listing.push(name.as_bytes(), EntryKind::File);
            }
            listing
        };
        let (mut left, mut right) = (listing(left), listing(right));
        let (call, mut all) = (Call::new(None), Vec::new());
        let context = Context::new(&call);
        let spellings = Spellings::pair(&mut left, &mut right, ignore_case, &context);
        let spellings = spellings.expect("no limit");
        let text = |name: &[u8]| String::from_utf8(name.to_vec()).expect("text");
        let sign = |listing: &Listing, index, sign: &str| {
            let sign = if listing.kind(index) == EntryKind::Ambiguous { "?" } else { sign };
            format!("{sign}{}", text(listing.name(index)))
        };
        merge(&mut left, &mut right, &context, |left, right, entry| {
            all.push(match entry {
                Match::Left(index) => sign(left, index, "-"),
                Match::Right(index) => sign(right, index, "+"),
                Match::Both(index, _) if left.kind(index) == EntryKind::Ambiguous => {
                    sign(left, index, "?")
                }
                Match::Both(index, _) => {
                    let name = left.name(index);
                    format!("{}={}", text(name), text(spellings.own(name)))
                }
            });
            Ok(())
        })
        .expect("no limit");
        all
    }

    /// Holds what is found against these, whatever the order.
    fn check<E: AsRef<str>>(left: &[&str], right: &[&str], expected: &[E]) {
        check_paired(paired(left, right, false), expected);
    }

    fn check_folded(left: &[&str], right: &[&str], expected: &[&str]) {
        check_paired(paired(left, right, true), expected);
    }

    fn check_paired<E: AsRef<str>>(mut found: Vec<String>, expected: &[E]) {
        let mut expected: Vec<_> = expected.iter().map(AsRef::as_ref).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    const COMPOSED: &str = "caf\u{e9}";
    const DECOMPOSED: &str = "cafe\u{301}";

    #[test]
    fn names_that_differ_only_in_normalization_are_paired() {
        let same = format!("{COMPOSED}={DECOMPOSED}");
        check(&["a", COMPOSED], &[DECOMPOSED, "a"], &["a=a", &same]);
        check(&["K"], &["\u{212a}"], &["K=\u{212a}"]);
        check(&["K", "\u{e9}"], &["k"], &["-K", "-\u{e9}", "+k"]);
    }

    #[test]
    fn names_are_paired_byte_for_byte_first() {
        let both = [COMPOSED, DECOMPOSED];
        let (one, other) = (format!("{COMPOSED}={COMPOSED}"), format!("{DECOMPOSED}={DECOMPOSED}"));
        check(&both, &both, &[&*one, &*other]);
        check(&both, &[COMPOSED], &[&*one, &*format!("-{DECOMPOSED}")]);
        check(&[COMPOSED], &both, &[&*one, &*format!("+{DECOMPOSED}")]);
    }

    #[test]
    fn names_that_may_be_several_are_not_paired() {
        // Three ways to write one letter with two dots.
        let (one, other, third) = ("s\u{323}\u{307}", "s\u{307}\u{323}", "\u{1e69}");
        let all = [format!("?{one}"), format!("?{other}"), format!("?{third}")];
        check(&[one, other], &[third], &all);
        check(&[one], &[other, third], &all);
        check(&[one, other], &[], &[format!("-{one}"), format!("-{other}")]);
    }

    #[test]
    fn names_that_differ_only_in_case_are_paired_where_that_is_asked_for() {
        check_folded(&["a", "B", "c"], &["A", "b", "d"], &["a=A", "B=b", "-c", "+d"]);
        check_folded(&["a"], &["a"], &["a=a"]);
        check_folded(&["\u{c9}"], &["e\u{301}"], &["\u{c9}=e\u{301}"]);
    }

    #[test]
    fn two_names_of_one_side_that_differ_only_in_case_are_not_paired() {
        check_folded(&["a", "A"], &["a"], &["?a", "?A"]);
        check_folded(&["a", "A"], &["a", "A"], &["?a", "?A"]);
        check_folded(&["a"], &["a", "A"], &["?a", "?A"]);
        check_folded(&["a", "A", "b"], &[], &["?a", "?A", "-b"]);
        check_folded(&["\u{e9}", "e\u{301}"], &[], &["?\u{e9}", "?e\u{301}"]);
    }

    #[test]
    fn a_name_that_is_listed_twice_is_one() {
        let same = format!("{COMPOSED}={DECOMPOSED}");
        check(&[COMPOSED, COMPOSED], &[DECOMPOSED, DECOMPOSED], &[same]);
    }
}
