//! The places of an image that are still to be looked at, in their order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::susp::Waiting;

/// What is at a place.
#[derive(Debug)]
pub(super) enum Item {
    /// The header of a volume of Apple's, maybe.
    Header,
    /// The first sector of a root directory.
    Root { tree: usize },
    /// A part of a directory that ends there.
    Directory { tree: usize, at: u64, end: u64 },
    /// Further fields of a record.
    Continued(Box<Waiting>),
    /// The last byte of the image.
    Last,
}

/// All places, each with its length.
#[derive(Debug, Default)]
pub(super) struct Places {
    order: BinaryHeap<Reverse<(u64, usize)>>,
    items: Vec<Option<(usize, Item)>>,
    free: Vec<usize>,
}

impl Places {
    pub(super) fn add(&mut self, at: u64, length: usize, item: Item) {
        let item = Some((length, item));
        let index = match self.free.pop() {
            Some(index) => {
                self.items[index] = item;
                index
            }
            None => {
                self.items.push(item);
                self.items.len() - 1
            }
        };
        self.order.push(Reverse((at, index)));
    }

    /// The first of all: where it begins, how long it is, and what is there.
    pub(super) fn next(&mut self) -> Option<(u64, usize, Item)> {
        let Reverse((at, index)) = self.order.pop()?;
        self.free.push(index);
        let (length, item) = self.items[index].take()?;
        Some((at, length, item))
    }
}
