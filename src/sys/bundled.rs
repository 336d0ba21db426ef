//! The libraries that libarchive decompresses with, in a build that carries them. They are not called from
//! Rust; only crates that are named get linked.

use {bzip2_sys as _, liblzma_sys as _, libz_sys as _, lz4_sys as _, zstd_sys as _};
