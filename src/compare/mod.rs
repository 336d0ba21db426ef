//! The public questions, a file each: two sources, two trees, two archives, any number of sources.

pub(crate) mod any_trees;
pub(crate) mod archives;
#[cfg(any(feature = "python", test))]
pub(crate) mod file_pairs;
pub(crate) mod manifests;
pub(crate) mod many;
pub(crate) mod mixed;
pub(crate) mod moves;
pub(crate) mod pair;
pub(crate) mod trees;
