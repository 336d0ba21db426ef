//! Entries that a structure lists, against those that libarchive shows.

use std::collections::{HashMap, VecDeque};

use super::structure::{Details, Listed};
use crate::error::Name;

/// Holds the two against each other, as they come.
pub(crate) struct Ledger {
    order: Order,
    /// How many libarchive has shown.
    entries: u64,
}

enum Order {
    /// Both in the same order: what one has and the other has not come to yet.
    Same { listed: VecDeque<(Listed, Details)>, shown: VecDeque<Listed> },
    /// All were listed before; what has not been shown yet, by name.
    Any(ByName),
    /// The structure lists none.
    None,
}

/// Entries that have not been shown yet, by name.
type ByName = HashMap<Option<Vec<u8>>, VecDeque<Rest>>;

/// An entry's size, and what else is known of it.
type Rest = (Option<u64>, Details);

/// What the structure knows of an entry that libarchive shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) details: Details,
    /// Does its name go on after a NUL byte? libarchive ends every name there.
    pub(crate) is_cut: bool,
}

impl Ledger {
    /// Both come in the same order.
    pub(crate) fn in_order() -> Self {
        let order = Order::Same { listed: VecDeque::new(), shown: VecDeque::new() };
        Self { order, entries: 0 }
    }

    /// All are listed first, and then shown in any order.
    pub(crate) fn in_any_order() -> Self {
        Self { order: Order::Any(HashMap::new()), entries: 0 }
    }

    /// None are listed.
    pub(crate) fn without_list() -> Self {
        Self { order: Order::None, entries: 0 }
    }

    /// The structure has this entry.
    pub(crate) fn list(&mut self, entry: Listed, details: Details) {
        match &mut self.order {
            Order::Same { listed, .. } => listed.push_back((entry, details)),
            Order::Any(listed) => note(listed, entry, details),
            Order::None => {}
        }
    }

    /// Libarchive shows this entry. Says what else is known of it. `next` is the next one that the
    /// structure has come to, if it has not been listed before.
    ///
    /// # Errors
    /// With what is wrong, when it is none that the structure has.
    pub(crate) fn show(
        &mut self,
        name: &[u8],
        size: Option<u64>,
        mut next: impl FnMut() -> Option<(Listed, Details)>,
    ) -> Result<Known, String> {
        self.entries += 1;
        let name = trimmed(name);
        match &mut self.order {
            Order::Same { listed, shown } => {
                let mut next = || listed.pop_front().or_else(&mut next);
                // What nearly always is: both come to it at once.
                if shown.is_empty()
                    && let Some((listed, details)) = next()
                {
                    return Ok(Known { is_cut: agree(&listed, name, size)?, details });
                }
                shown.push_back(Listed { name: Some(name.to_vec()), size });
                let mut known = Known::default();
                while let Some((listed, details)) = next()
                    && let Some(Listed { name, size }) = shown.pop_front()
                {
                    let is_cut = agree(&listed, &name.unwrap_or_default(), size)?;
                    known = Known { details, is_cut };
                    if shown.is_empty() {
                        break;
                    }
                }
                Ok(known)
            }
            Order::Any(listed) => {
                // Where the bytes pass by, its structure comes to them meanwhile.
                while let Some((entry, details)) = next() {
                    note(listed, entry, details);
                }
                for key in [Some(name.to_vec()), None] {
                    if let Some(sizes) = listed.get_mut(&key)
                        && let Some(index) =
                            sizes.iter().position(|&(listed, _)| same(listed, size))
                    {
                        // Of several of one name, the first that was listed.
                        let (_, details) = sizes.remove(index).expect("just found there");
                        if sizes.is_empty() {
                            listed.remove(&key);
                        }
                        return Ok(Known { details, is_cut: false });
                    }
                }
                Err("is read as if it had an entry that its structure has not".to_owned())
            }
            Order::None => Ok(Known::default()),
        }
    }

    /// Both have come to their ends.
    ///
    /// # Errors
    /// With what is wrong, when one of them has an entry more, or when the last ones are not the same.
    pub(crate) fn close(&mut self) -> Result<(), String> {
        if let Order::Same { listed, shown } = &mut self.order {
            // What libarchive showed before the structure came to it.
            while let (Some((entry, _)), Some(other)) = (listed.front(), shown.front()) {
                agree(entry, other.name.as_deref().unwrap_or_default(), other.size)?;
                listed.pop_front();
                shown.pop_front();
            }
        }
        let (listed, shown) = match &self.order {
            Order::Same { listed, shown } => (listed.len(), shown.len()),
            Order::Any(listed) => (listed.values().map(VecDeque::len).sum(), 0),
            Order::None => (0, 0),
        };
        let has = self.entries + listed as u64 - shown as u64;
        if listed + shown > 0 {
            return Err(format!("shows {} entries where there are {has}", self.entries));
        }
        Ok(())
    }
}

/// Notes an entry that the structure has, by its name.
fn note(listed: &mut ByName, entry: Listed, details: Details) {
    let name = entry.name.map(|name| trimmed(&name).to_vec());
    listed.entry(name).or_default().push_back((entry.size, details));
}

/// Some formats and readers end the name of a directory with a slash, and some do not.
fn trimmed(mut name: &[u8]) -> &[u8] {
    while let Some(shorter) = name.strip_suffix(b"/") {
        name = shorter;
    }
    name
}

fn same(one: Option<u64>, other: Option<u64>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Holds an entry that was listed against the name and the size that are shown. Says whether the name goes on
/// after a NUL byte.
fn agree(listed: &Listed, shown: &[u8], size: Option<u64>) -> Result<bool, String> {
    let mut is_cut = false;
    if let Some(listed) = &listed.name
        && trimmed(listed) != shown
    {
        let before = listed.split(|&byte| byte == 0).next().unwrap_or_default();
        is_cut = before.len() < listed.len() && trimmed(before) == shown;
        if !is_cut {
            let [listed, shown] = [listed, shown].map(Name::new);
            return Err(format!("has an entry '{listed}' that is read as '{shown}'"));
        }
    }
    if same(listed.size, size) {
        return Ok(is_cut);
    }
    let [listed, size] = [listed.size, size].map(Option::unwrap_or_default);
    let name = Name::new(shown);
    Err(format!("has an entry '{name}' of {listed} bytes that is read as one of {size}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, size: u64) -> Listed {
        Listed { name: Some(name.into()), size: Some(size) }
    }

    #[test]
    fn entries_agree_in_their_order() {
        let mut ledger = Ledger::in_order();
        ledger.list(listed("a/", 1), Details::default());
        ledger.list(Listed::default(), Details::default());
        assert_eq!(ledger.show(b"a", Some(1), || None), Ok(Known::default()));
        assert_eq!(ledger.show(b"b", None, || None), Ok(Known::default()));
        // It may be shown before it is listed.
        assert_eq!(ledger.show(b"c", Some(3), || None), Ok(Known::default()));
        assert!(ledger.close().is_err());
        ledger.list(listed("c", 3), Details::default());
        ledger.list(listed("d", 3), Details::default());
        assert_eq!(ledger.show(b"d", Some(3), || None), Ok(Known::default()));
        assert_eq!((ledger.close(), ledger.entries), (Ok(()), 4));
    }

    #[test]
    fn the_last_entry_may_be_listed_after_it_is_shown() {
        for (name, is_same) in [("a", true), ("b", false)] {
            let mut ledger = Ledger::in_order();
            assert!(ledger.show(b"a", Some(1), || None).is_ok());
            ledger.list(listed(name, 1), Details::default());
            assert_eq!(ledger.close().is_ok(), is_same, "{name}");
        }
    }

    #[test]
    fn another_name_or_size_or_number_is_a_disagreement() {
        for (name, size) in [(&b"b"[..], 1), (b"a", 2)] {
            let mut ledger = Ledger::in_order();
            ledger.list(listed("a", 1), Details::default());
            assert!(ledger.show(name, Some(size), || None).is_err());
            let mut ledger = Ledger::in_any_order();
            ledger.list(listed("a", 1), Details::default());
            assert!(ledger.show(name, Some(size), || None).is_err());
        }
        for mut ledger in [Ledger::in_order(), Ledger::in_any_order()] {
            for _ in 0..2 {
                ledger.list(listed("a", 1), Details::default());
            }
            assert_eq!(ledger.show(b"a", Some(1), || None), Ok(Known::default()));
            let why = "shows 1 entries where there are 2";
            assert_eq!(ledger.close(), Err(why.to_owned()));
        }
    }

    #[test]
    fn entries_may_come_in_any_order_where_they_were_listed_before() {
        let mut ledger = Ledger::in_any_order();
        for entry in [listed("a", 1), listed("b", 2), listed("a", 3), Listed::default()] {
            ledger.list(entry, Details::default());
        }
        for (name, size) in [(&b"a"[..], 3), (b"c", 9), (b"b/", 2), (b"a", 1)] {
            assert_eq!(ledger.show(name, Some(size), || None), Ok(Known::default()));
        }
        assert_eq!(ledger.close(), Ok(()));
        assert!(ledger.show(b"a", Some(1), || None).is_err());
    }

    #[test]
    fn entries_in_any_order_may_be_listed_while_one_is_shown() {
        let mut ledger = Ledger::in_any_order();
        let mut coming = vec![listed("a/", 1), listed("b", 2)];
        let next = || coming.pop().map(|entry| (entry, Details::default()));
        assert_eq!(ledger.show(b"a", Some(1), next), Ok(Known::default()));
        assert_eq!(ledger.show(b"b", Some(2), || None), Ok(Known::default()));
        assert_eq!(ledger.close(), Ok(()));
    }

    #[test]
    fn a_name_that_is_cut_at_a_nul_is_told_of() {
        let mut ledger = Ledger::in_order();
        ledger.list(listed("a\0b", 1), Details::default());
        assert_eq!(
            ledger.show(b"a", Some(1), || None),
            Ok(Known { is_cut: true, ..Known::default() })
        );
        ledger.list(listed("a\0b", 1), Details::default());
        assert!(ledger.show(b"", Some(1), || None).is_err());
    }
}
