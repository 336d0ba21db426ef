//! Are these the same?
//!
//! komparu compares files byte for byte, near the speed of the hardware, and never guesses: a
//! verdict means that what was to be compared was compared, and anything else is an [`Error`].
//!
//! ```
//! use komparu::{Call, Context, Options, Source};
//!
//! # fn main() -> komparu::Result<()> {
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! # let (one, two) = (directory.path().join("one"), directory.path().join("two"));
//! # std::fs::write(&one, "same").expect("written");
//! # std::fs::write(&two, "same").expect("written");
//! let call = Call::new(None);
//! let outcome = komparu::compare(
//!     &Source::from(one.as_path()),
//!     &Source::from(two.as_path()),
//!     &Options::default(),
//!     &Context::new(&call),
//! )?;
//! assert_eq!(outcome, None); // no difference
//! # Ok(())
//! # }
//! ```
//!
//! The rooms, from the top down; each uses only what lies below it. `py` is the Python module, a skin; `jobs` has the
//! threads for callers that do not wait; `compare` has a file for each public question; `archive` turns the bytes of a
//! container into entries; `tree` has names and entries; `engine` compares contents and knows nothing of what is behind
//! them; [`source`] opens what a user named; `content` is the bytes of one thing; `http` fetches URLs; `web` is what is known of a request before it is sent; [`options`], `run`
//! (one call's life), `text` (what messages may show) and `sys` (the only unsafe code) are used by all of them.

mod archive;
mod compare;
mod content;
mod engine;
pub mod error;
mod http;
pub mod ignore;
#[doc(hidden)]
pub mod internals;
#[cfg_attr(
    not(feature = "python"),
    allow(dead_code, unused_imports, reason = "only the Python module has jobs")
)]
mod jobs;
pub mod options;
pub mod outcome;
#[cfg(feature = "python")]
mod py;
mod run;
pub mod source;
mod sys;
mod text;
mod tree;
mod web;

pub use archive::decompressed::decompressed;
pub use compare::any_trees::{GivenTree, report_trees};
pub use compare::archives::{compare_archive, report_archive};
pub use compare::manifests::{ManifestStyle, write_manifest};
pub use compare::many::{compare_all, compare_many};
pub use compare::pair::{compare, first_difference};
pub use compare::trees::{compare_dir, compare_dir_urls, report_dir};
pub use error::{Error, Name, Result};
pub use options::Options;
pub use outcome::{
    DiffReason, Difference, Finding, GroupOutcome, Mismatch, Moved, PairOutcome, Proof, Summary,
    TreeOutcome, Unequal,
};
pub use run::collect::Collector;
pub use run::context::{Call, Context};
pub use run::counters::Progress;
pub use run::sink::Sink;
pub use source::Source;
pub use tree::manifest::algorithm::Algorithm;
pub use tree::manifest::read::Format;
pub use tree::url_map::UrlTree;

#[cfg(not(unix))]
compile_error!("komparu needs a Unix: Linux or macOS");
