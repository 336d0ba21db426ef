//! Names by number: a hash table whose keys lie elsewhere.
//!
//! It holds numbers, and asks for the name that belongs to one only where it nearly is the one looked
//! for. So a million names cost 16 MB and no allocation each. The hash is `SipHash` with a random key, as
//! in the standard library's maps: who chooses the names of an archive cannot make them collide.

use std::hash::{BuildHasher as _, RandomState};

use crate::error::Result;
use crate::run::context::{Context, Steps};

/// Slots that a table begins with; always a power of two.
const FEWEST: usize = 64;

/// Half of a name's hash, and its number plus one; zero: free.
type Slot = (u32, u32);

/// The table. What it is asked with must be the same names each time.
#[derive(Debug, Default)]
pub(crate) struct NameTable {
    slots: Vec<Slot>,
    used: usize,
    key: RandomState,
}

impl NameTable {
    /// A table with room for so many names.
    pub(crate) fn with_room_for(names: usize) -> Self {
        let slots = vec![(0, 0); (2 * names).next_power_of_two().max(FEWEST)];
        Self { slots, ..Self::default() }
    }

    fn hash(&self, name: &[u8]) -> u32 {
        // As bytes, for which no length has to be hashed: there is nothing else in the key.
        let hash = self.key.hash_one(name);
        // Any half is as good as the other.
        u32::try_from(hash >> 32).expect("half of it")
    }

    /// The number under which a name is known.
    pub(crate) fn find<'n>(&self, name: &[u8], known: impl Fn(u32) -> &'n [u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.look(name, self.hash(name), known).ok()
    }

    /// Its number, or the slot where that would be.
    fn look<'n>(
        &self,
        name: &[u8],
        hash: u32,
        known: impl Fn(u32) -> &'n [u8],
    ) -> std::result::Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => return Err(at),
                (other, number) if other == hash && known(number - 1) == name => {
                    return Ok(number - 1);
                }
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Notes a name under a number, unless it has one: that is returned then.
    ///
    /// # Errors
    /// When the context says stop while the table grows; it cannot be used any more then.
    pub(crate) fn insert<'n>(
        &mut self,
        name: &[u8],
        number: u32,
        known: impl Fn(u32) -> &'n [u8],
        context: &Context<'_>,
    ) -> Result<u32> {
        if 2 * (self.used + 1) > self.slots.len() {
            self.grow(context)?;
        }
        let hash = self.hash(name);
        match self.look(name, hash, known) {
            Ok(number) => Ok(number),
            Err(free) => {
                self.slots[free] = (hash, number + 1);
                self.used += 1;
                Ok(number)
            }
        }
    }

    fn grow(&mut self, context: &Context<'_>) -> Result<()> {
        let length = (2 * self.slots.len()).max(FEWEST);
        let (mut slots, mut steps) = (vec![(0, 0); length], Steps::new(context));
        for &(hash, number) in self.slots.iter().filter(|slot| slot.1 > 0) {
            steps.step()?;
            let mut at = hash as usize & (length - 1);
            while slots[at].1 > 0 {
                at = (at + 1) & (length - 1);
            }
            slots[at] = (hash, number);
        }
        self.slots = slots;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::run::context::Call;

    proptest! {
        #[test]
        fn it_knows_what_a_map_knows(
            names in proptest::collection::vec("[ab]{0,6}", 0..400),
            room in 0..100_usize,
        ) {
            let call = Call::new(None);
            let context = Context::new(&call);
            let known = |number: u32| names[number as usize].as_bytes();
            let (mut table, mut map) = (NameTable::with_room_for(room), HashMap::new());
            for (number, name) in (0..).zip(&names) {
                prop_assert_eq!(table.find(name.as_bytes(), known), map.get(name).copied());
                let expected = *map.entry(name).or_insert(number);
                let found = table.insert(name.as_bytes(), number, known, &context);
                prop_assert_eq!(found, Ok(expected));
            }
            prop_assert_eq!(table.find(b"c", known), None);
        }
    }

    #[test]
    fn a_growing_table_looks_at_its_context() {
        let names: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let known = |number: u32| names[number as usize].as_bytes();
        let fill = |call: &Call| {
            let (mut table, context) = (NameTable::default(), Context::new(call));
            (0..).zip(&names).try_for_each(|(number, name)| {
                table.insert(name.as_bytes(), number, known, &context).map(drop)
            })
        };
        let call = Call::new(None);
        assert_eq!(fill(&call), Ok(()));
        let checkpoints = call.checkpoints();
        assert!(checkpoints > 100, "{checkpoints}");
        let call = Call::until_checkpoint(checkpoints);
        assert_eq!(fill(&call), Err(crate::error::Error::Cancelled));
    }
}
