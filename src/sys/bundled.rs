//! What libarchive decompresses with, in a build that carries everything: nothing of it is called
//! from Rust, and only what is named gets linked.

use {bzip2_sys as _, liblzma_sys as _, libz_sys as _, lz4_sys as _, zstd_sys as _};
