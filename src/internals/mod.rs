//! What only tests, benches and fuzz targets use. Nothing of it is part of what the crate promises.

#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub use crate::run::context::PULSE;

/// The bytes of one thing.
pub mod content {
    pub use crate::content::file::located::{Located, Location};
    pub use crate::content::file::{FileReader, identity};
    pub use crate::content::{Chunk, Extent, ReadAt, Reader};
}

/// Two or more contents.
pub mod engine {
    pub use crate::engine::*;
}

/// Names and entries.
pub mod tree {
    pub use crate::compare::trees::walk::compare;
    pub use crate::tree::*;
}
