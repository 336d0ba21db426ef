//! Sorting that looks up from its work: a million names take longer to sort than anybody should wait for
//! a comparison to stop.

use std::cmp::Ordering;

use crate::context::Context;
use crate::error::Result;

/// Items that are sorted in one go: a few milliseconds' work, names and all.
const AT_ONCE: usize = 1 << 15;

/// Items between two looks at the context.
const CHECKED: usize = 1 << 12;

/// Sorts `items`. The order of those that are equal is any.
///
/// # Errors
/// When the context says stop; the items are in some order then.
pub(crate) fn sort_by<T>(
    items: &mut [T],
    context: &Context<'_>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<()> {
    // Quicksort, down to what the standard library sorts at once. Should the pivots be so bad that parts
    // hardly get smaller, it sorts those, too, and nobody looks up meanwhile.
    let patience = 2 * items.len().max(1).ilog2();
    let mut parts = vec![(items, patience)];
    while let Some((part, patience)) = parts.pop() {
        context.checkpoint()?;
        if part.len() <= AT_ONCE || patience == 0 {
            part.sort_unstable_by(&compare);
            continue;
        }
        let middle = divide(part, context, &compare)?;
        let (left, right) = part.split_at_mut(middle);
        parts.push((&mut right[1..], patience - 1));
        parts.push((left, patience - 1));
    }
    Ok(())
}

/// Brings what is less than some item before it, and all else behind it; where it is then.
fn divide<T>(
    part: &mut [T],
    context: &Context<'_>,
    compare: &impl Fn(&T, &T) -> Ordering,
) -> Result<usize> {
    // The median of nine, from all over.
    let mut samples: [usize; 9] = std::array::from_fn(|nth| (part.len() - 1) / 8 * nth);
    samples.sort_unstable_by(|&one, &two| compare(&part[one], &part[two]));
    part.swap(0, samples[4]);
    let mut less = 0;
    for index in 1..part.len() {
        if compare(&part[index], &part[0]).is_lt() {
            less += 1;
            part.swap(less, index);
        }
        if index.is_multiple_of(CHECKED) {
            context.checkpoint()?;
        }
    }
    part.swap(0, less);
    Ok(less)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Call;
    use crate::error::Error;

    fn sorted(items: &mut [u32]) {
        let call = Call::new(None);
        let done = sort_by(items, &Context::new(&call), Ord::cmp);
        assert_eq!(done, Ok(()));
    }

    #[test]
    fn any_order_comes_into_order() {
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
    fn a_call_that_is_over_ends_it() {
        let call = Call::new(None);
        call.cancel();
        let mut items: Vec<usize> = (0..AT_ONCE * 4).rev().collect();
        let done = sort_by(&mut items, &Context::new(&call), Ord::cmp);
        assert_eq!(done, Err(Error::Cancelled));
    }
}
