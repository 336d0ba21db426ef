//! Where contents differ first that were not compared side by side: entries of archives, or of one and of another
//! tree.
//!
//! Their contents cannot be held against each other: an archive is read in its own order, and what it holds may be
//! larger than memory. So both archives are read again, one after the other. Of entries larger than a block, the
//! first reading says which block differs first, by the digests of the left archive's blocks. The next reading
//! keeps this block of the left archive, and then compares it with the right one's; it is done once for all entries
//! whose blocks fit into [`KEPT`] together, then for the next ones. So a thousand large entries, or any number of
//! small ones that have 64 MiB together, take two readings of both archives more, and each further thousand one.

pub(crate) mod scan;

use std::collections::{BTreeSet, HashMap};

use blake3::Hash;

use self::scan::{BLOCK, BlockDigests, ContentsAgain, Window};
use crate::archive::chosen::Chosen;
use crate::archive::entries::Index;
use crate::engine::first::in_memory;
use crate::error::Result;
use crate::outcome::Difference;

/// Where entries differ, by their indices in the left archive and in the right one.
pub(crate) type Differences = HashMap<(Index, Index), Box<Difference>>;

/// Bytes of the left archive that are kept at a time.
const KEPT: u64 = 64 << 20;

/// Two entries, and the block that differs first.
#[derive(Debug, Clone, Copy)]
struct Pair {
    left: Index,
    right: Index,
    block: u64,
}

/// Adds where these pairs of contents differ, which are known to; up to `shown` bytes of each are kept.
///
/// # Errors
/// When an archive cannot be read again, or has changed; when the context says stop.
pub(crate) fn add(
    left: &impl ContentsAgain,
    right: &impl ContentsAgain,
    pairs: &BTreeSet<(Index, Index)>,
    shown: usize,
    differences: &mut Differences,
) -> Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    let again = Again { left, right, shown };
    let blocks = again.differing_blocks(pairs)?;
    let pair = |&(left, right)| {
        let block = blocks.get(&(left, right)).copied().unwrap_or(0);
        Pair { left, right, block }
    };
    let (mut batch, mut kept) = (Vec::new(), 0);
    for pair in pairs.iter().map(pair) {
        batch.push(pair);
        let size = again.left.size(pair.left);
        kept += size.saturating_sub(pair.block * BLOCK).min(again.window());
        if kept >= KEPT {
            again.compare_blocks(&batch, differences)?;
            batch.clear();
            kept = 0;
        }
    }
    if batch.is_empty() { Ok(()) } else { again.compare_blocks(&batch, differences) }
}

/// Two sides that are read again.
struct Again<'a, L, R> {
    left: &'a L,
    right: &'a R,
    /// How many bytes a difference shows.
    shown: usize,
}

impl<L: ContentsAgain, R: ContentsAgain> Again<'_, L, R> {
    /// Bytes that are kept of an entry: a block, and what a difference at its end shows of what follows; at least
    /// one byte of that, which tells that there is more than a block.
    fn window(&self) -> u64 {
        BLOCK + self.shown.max(1) as u64
    }

    /// Which block differs first of each pair of entries that both are larger than one.
    fn differing_blocks(
        &self,
        pairs: &BTreeSet<(Index, Index)>,
    ) -> Result<HashMap<(Index, Index), u64>> {
        let is_large = |&&(left, right): &&(Index, Index)| {
            self.left.size(left).min(self.right.size(right)) > BLOCK
        };
        let mut by_right = HashMap::<Index, Vec<Index>>::new();
        let mut chosen = [Chosen::default(), Chosen::default()];
        for &(left, right) in pairs.iter().filter(is_large) {
            by_right.entry(right).or_default().push(left);
            chosen[0].insert(left);
            chosen[1].insert(right);
        }
        let [lefts, rights] = chosen;
        let (mut digests, mut found) = (HashMap::new(), HashMap::new());
        self.left.scan(
            lefts,
            |_| BlockDigests::default(),
            |index, blocks| {
                digests.insert(index, blocks.finish());
                Ok(())
            },
        )?;
        self.right.scan(
            rights,
            |_| BlockDigests::default(),
            |right, blocks| {
                let blocks = blocks.finish();
                for &left in &by_right[&right] {
                    // The last block of either is shorter than others: where one is the beginning of the other, it
                    // differs from what the other has there.
                    let differs = |(one, other): (&Hash, &Hash)| one != other;
                    let block = digests[&left].iter().zip(&blocks).position(differs);
                    let Some(block) = block else { return Err(self.right.changed()) };
                    found.insert((left, right), block as u64);
                }
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Adds where these pairs differ, whose blocks of the left archive fit into memory.
    fn compare_blocks(&self, batch: &[Pair], differences: &mut Differences) -> Result<()> {
        let mut blocks = [HashMap::new(), HashMap::new()];
        let mut chosen = [Chosen::default(), Chosen::default()];
        let mut by_right = HashMap::<Index, Vec<Pair>>::new();
        for &pair in batch {
            for (side, index) in [pair.left, pair.right].into_iter().enumerate() {
                blocks[side].entry(index).or_insert_with(BTreeSet::new).insert(pair.block);
                chosen[side].insert(index);
            }
            by_right.entry(pair.right).or_default().push(pair);
        }
        let ([lefts, rights], [left_blocks, right_blocks]) = (chosen, blocks);
        let windows = |blocks: &BTreeSet<u64>| {
            let window = |&block: &u64| Window::new(block * BLOCK, self.window());
            blocks.iter().map(window).collect::<Vec<_>>()
        };
        let mut kept = HashMap::new();
        self.left.scan(
            lefts,
            |index| windows(&left_blocks[&index]),
            |index, windows| {
                for window in windows {
                    kept.insert((index, window.start), window);
                }
                Ok(())
            },
        )?;
        self.right.scan(
            rights,
            |index| windows(&right_blocks[&index]),
            |right, windows| {
                for pair in &by_right[&right] {
                    let start = pair.block * BLOCK;
                    let one = &kept[&(pair.left, start)];
                    let other = windows.iter().find(|window| window.start == start);
                    let difference =
                        other.and_then(|other| in_memory(&one.bytes, &other.bytes, self.shown));
                    let Some(difference) = difference else { return Err(self.right.changed()) };
                    let difference = Difference {
                        offset: start + difference.offset,
                        line: one.line_ends + difference.line,
                        left_size: Some(self.left.size(pair.left)),
                        right_size: Some(self.right.size(right)),
                        ..difference
                    };
                    differences.insert((pair.left, right), Box::new(difference));
                }
                Ok(())
            },
        )
    }
}
