//! Which of several files with the same content moved where.

use std::collections::{HashMap, VecDeque};

use crate::error::Result;
use crate::run::context::{Context, Steps};

/// A file, and the class of contents that it belongs to: files of one class have the same content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Classed<'p> {
    pub(super) path: &'p [u8],
    pub(super) class: usize,
}

impl<'p> Classed<'p> {
    fn name(&self) -> &'p [u8] {
        self.path.rsplit(|&byte| byte == b'/').next().unwrap_or(self.path)
    }
}

/// Pairs files, each with one: first those of the same file name, then the others, both in the order of their
/// paths, in which the files are. `alike` are the right classes whose content is that of a left one.
///
/// # Errors
/// When the context says stop.
pub(super) fn pairs(
    lefts: &[Classed<'_>],
    rights: &[Classed<'_>],
    alike: &[Vec<usize>],
    context: &Context<'_>,
) -> Result<Vec<(usize, usize)>> {
    let (mut pairs, mut steps) = (Vec::new(), Steps::new(context));
    let mut named: HashMap<(usize, &[u8]), VecDeque<usize>> = HashMap::new();
    for (index, right) in rights.iter().enumerate() {
        steps.step()?;
        named.entry((right.class, right.name())).or_default().push_back(index);
    }
    let (mut rest, mut is_taken) = (Vec::new(), vec![false; rights.len()]);
    for (index, left) in lefts.iter().enumerate() {
        steps.step()?;
        let keys = alike[left.class].iter().map(|&class| (class, left.name()));
        match take_first(&mut named, keys) {
            Some(right) => {
                is_taken[right] = true;
                pairs.push((index, right));
            }
            None => rest.push(index),
        }
    }
    let mut others: HashMap<usize, VecDeque<usize>> = HashMap::new();
    for (index, right) in rights.iter().enumerate() {
        steps.step()?;
        if !is_taken[index] {
            others.entry(right.class).or_default().push_back(index);
        }
    }
    for index in rest {
        steps.step()?;
        let right = take_first(&mut others, alike[lefts[index].class].iter().copied());
        pairs.extend(right.map(|right| (index, right)));
    }
    Ok(pairs)
}

/// Takes the first of all that are in these queues.
fn take_first<K: std::hash::Hash + Eq + Copy>(
    queues: &mut HashMap<K, VecDeque<usize>>,
    keys: impl Iterator<Item = K>,
) -> Option<usize> {
    let first = keys
        .filter_map(|key| queues.get(&key)?.front().map(|&index| (index, key)))
        .min_by_key(|it| it.0);
    let (_, key) = first?;
    queues.get_mut(&key)?.pop_front()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    fn moved(
        lefts: &[(&str, usize)],
        rights: &[(&str, usize)],
        alike: &[Vec<usize>],
    ) -> Vec<String> {
        let classed = |files: &[(&'static str, usize)]| -> Vec<Classed<'static>> {
            files.iter().map(|&(path, class)| Classed { path: path.as_bytes(), class }).collect()
        };
        let leak = |files: &[(&str, usize)]| -> Vec<(&'static str, usize)> {
            files.iter().map(|&(path, class)| (&*path.to_owned().leak(), class)).collect()
        };
        let (lefts, rights) = (leak(lefts), leak(rights));
        let call = Call::new(None);
        let pairs = pairs(&classed(&lefts), &classed(&rights), alike, &Context::new(&call));
        let mut told: Vec<_> = pairs
            .expect("no limit")
            .into_iter()
            .map(|(left, right)| format!("{} {}", lefts[left].0, rights[right].0))
            .collect();
        told.sort();
        told
    }

    #[test]
    fn a_file_of_the_same_name_goes_before_one_that_comes_first() {
        let rights = [("n/b", 0), ("n/c", 0)];
        assert_eq!(moved(&[("o/a", 0), ("o/b", 0)], &rights, &[vec![0]]), ["o/a n/c", "o/b n/b"]);
        assert_eq!(moved(&[("o/a", 0), ("o/z", 0)], &rights, &[vec![0]]), ["o/a n/b", "o/z n/c"]);
    }

    #[test]
    fn every_file_moves_once() {
        assert_eq!(moved(&[("a", 0), ("b", 0)], &[("c", 0)], &[vec![0]]), ["a c"]);
        assert_eq!(moved(&[("a", 0)], &[("b", 0), ("c", 0)], &[vec![0]]), ["a b"]);
        assert_eq!(moved(&[("a", 0)], &[("b", 1)], &[vec![0]]), [""; 0]);
    }

    #[test]
    fn a_content_that_two_classes_have_takes_the_first_file_of_both() {
        let rights = [("m", 1), ("n", 0)];
        assert_eq!(moved(&[("a", 0), ("b", 0)], &rights, &[vec![0, 1]]), ["a m", "b n"]);
    }
}
