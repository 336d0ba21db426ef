//! From the bytes of a container to what is known of it.
//!
//! `structure` has what komparu itself knows of the container formats: where their parts are, and how
//! their end is told. What libarchive shows of an archive is believed only where the two agree.

pub(crate) mod structure;
