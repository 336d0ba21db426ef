//! The public questions, a file each: two sources, two trees, two archives, any number of sources.

pub(crate) mod archives;
pub(crate) mod many;
pub(crate) mod pair;
pub(crate) mod trees;
