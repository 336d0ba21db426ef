//! Sorting with checkpoints: a million names take longer to sort than a comparison may take to stop.

use std::cmp::Ordering;

use super::context::{Context, Steps};
use crate::error::Result;

/// Items that are sorted without a checkpoint: a few milliseconds' work, where they are names.
const AT_ONCE: usize = 1 << 15;

/// Sorts `items`. Equal items come in any order.
///
/// # Errors
/// When the context says stop; the items are in some order then.
pub(crate) fn sort_by<T>(
    items: &mut [T],
    context: &Context<'_>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    if is_sorted(items, context, &compare)? {
        return Ok(());
    }
    // Quicksort, down to parts that the standard library sorts. Where the pivots are so bad that parts
    // hardly get smaller, which an attacker can arrange, heapsort takes over.
    let splits_left = 2 * items.len().max(1).ilog2();
    let mut parts = vec![(items, splits_left)];
    while let Some((part, splits_left)) = parts.pop() {
        context.checkpoint()?;
        if part.len() <= AT_ONCE {
            part.sort_unstable_by(&compare);
            continue;
        }
        if splits_left == 0 {
            heapsort(part, context, &compare)?;
            continue;
        }
        let middle = divide(part, context, &compare)?;
        let (left, right) = part.split_at_mut(middle);
        parts.push((&mut right[1..], splits_left - 1));
        parts.push((left, splits_left - 1));
    }
    Ok(())
}

fn is_sorted<T>(
    items: &[T],
    context: &Context<'_>,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<bool> {
    let mut steps = Steps::new(context);
    for pair in items.windows(2) {
        steps.step()?;
        if compare(&pair[0], &pair[1]).is_gt() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Sorts in n log n steps, whatever the order of the items.
fn heapsort<T>(
    part: &mut [T],
    context: &Context<'_>,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    let mut steps = Steps::new(context);
    for root in (0..part.len() / 2).rev() {
        sift_down(part, root, &mut steps, compare)?;
    }
    for end in (1..part.len()).rev() {
        part.swap(0, end);
        sift_down(&mut part[..end], 0, &mut steps, compare)?;
    }
    Ok(())
}

/// Moves the item at `root` down to where it belongs in the heap.
fn sift_down<T>(
    heap: &mut [T],
    mut root: usize,
    steps: &mut Steps<'_, '_>,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    loop {
        steps.step()?;
        let left = 2 * root + 1;
        let Some(mut child) = (left < heap.len()).then_some(left) else { return Ok(()) };
        if left + 1 < heap.len() && compare(&heap[left], &heap[left + 1]).is_lt() {
            child = left + 1;
        }
        if compare(&heap[root], &heap[child]).is_ge() {
            return Ok(());
        }
        heap.swap(root, child);
        root = child;
    }
}

/// Picks an item, moves smaller items before it and all others behind it; returns its index.
fn divide<T>(
    part: &mut [T],
    context: &Context<'_>,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<usize> {
    // The median of nine items, evenly spread.
    let mut samples: [usize; 9] = std::array::from_fn(|nth| (part.len() - 1) / 8 * nth);
    samples.sort_unstable_by(|&one, &two| compare(&part[one], &part[two]));
    part.swap(0, samples[4]);
    let (mut less, mut steps) = (0, Steps::new(context));
    for index in 1..part.len() {
        steps.step()?;
        if compare(&part[index], &part[0]).is_lt() {
            less += 1;
            part.swap(less, index);
        }
    }
    part.swap(0, less);
    Ok(less)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::error::Error;
    use crate::run::context::Call;

    fn sorted(items: &mut [u32]) {
        let call = Call::new(None);
        let done = sort_by(items, &Context::new(&call), Ord::cmp);
        assert_eq!(done, Ok(()));
    }

    #[test]
    fn any_order_is_sorted() {
        let count = 4 * u32::try_from(AT_ONCE).expect("it fits") + 7;
        let scattered = |index: u32| index.wrapping_mul(2_654_435_761);
        let makers: [&dyn Fn(u32) -> u32; 5] =
            [&scattered, &|index| index, &|index| u32::MAX - index, &|_| 1, &|index| index % 3];
        for make in makers {
            for count in [0, 1, 2, count] {
                let mut items: Vec<u32> = (0..count).map(make).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                sorted(&mut items);
                assert!(items == expected);
            }
        }
    }

    #[test]
    fn heapsort_sorts_any_order() {
        let call = Call::new(None);
        let context = Context::new(&call);
        let scattered = |index: u32| index.wrapping_mul(2_654_435_761);
        let makers: [&dyn Fn(u32) -> u32; 4] =
            [&scattered, &|index| index, &|index| u32::MAX - index, &|index| index % 3];
        for make in makers {
            for count in [0, 1, 2, 3, 10_000] {
                let mut items: Vec<u32> = (0..count).map(make).collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                assert_eq!(heapsort(&mut items, &context, &Ord::cmp), Ok(()));
                assert!(items == expected);
            }
        }
    }

    #[test]
    fn checkpoints_come_in_time_for_an_order_made_to_prevent_them() {
        // The adversary of M. D. McIlroy, "A Killer Adversary for Quicksort": an item gets its value when
        // it is compared, so that every pivot turns out to be nearly the smallest.
        let count = 8 * AT_ONCE;
        let worth = RefCell::new(vec![u32::MAX; count]);
        let (decided, candidate) = (Cell::new(0), Cell::new(0));
        let call = Call::new(None);
        let (seen, since, longest) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let adversary = |&one: &usize, &other: &usize| {
            since.set(if seen.replace(call.checkpoints()) == seen.get() {
                since.get() + 1
            } else {
                0
            });
            longest.set(longest.get().max(since.get()));
            let mut worth = worth.borrow_mut();
            if worth[one] == u32::MAX && worth[other] == u32::MAX {
                let item = if one == candidate.get() { one } else { other };
                worth[item] = decided.get();
                decided.set(decided.get() + 1);
            }
            if worth[one] == u32::MAX {
                candidate.set(one);
            } else if worth[other] == u32::MAX {
                candidate.set(other);
            }
            worth[one].cmp(&worth[other])
        };
        let mut items: Vec<usize> = (0..count).collect();
        assert_eq!(sort_by(&mut items, &Context::new(&call), adversary), Ok(()));
        let worth = worth.into_inner();
        assert!(items.is_sorted_by_key(|&item| worth[item]));
        // The comparisons of the largest part that is sorted without a checkpoint; all items take 5 million.
        assert!(longest.get() < 1_000_000, "{longest:?}");
    }

    #[test]
    fn a_cancelled_call_stops_sorting() {
        let call = Call::new(None);
        call.cancel();
        let mut items: Vec<usize> = (0..AT_ONCE * 4).rev().collect();
        let done = sort_by(&mut items, &Context::new(&call), Ord::cmp);
        assert_eq!(done, Err(Error::Cancelled));
    }
}
