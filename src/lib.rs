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
//! The rooms, from the ground up: [`error`], [`options`], [`outcome`] and [`context`] are plain data;
//! `sys` holds the unsafe code; `http` fetches URLs; [`reader`] turns a source into a stream of borrowed chunks;
//! [`engine`] compares two readers and knows nothing of what is behind them; [`source`] opens what
//! a user named, [`sources`] any number of it, `archives` what is packed; [`pool`] has the threads for callers that
//! do not wait. The Python module is a skin over these, in `py`.

#[allow(dead_code, unused_imports, reason = "formats are being wired up")]
mod archive;
mod archives;
pub mod context;
pub mod crew;
mod digests;
mod each;
mod earliest;
pub mod engine;
pub mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
pub mod ignore;
mod legible;
pub mod options;
mod order;
pub mod outcome;
mod pair;
#[cfg(any(feature = "python", test))]
mod panics;
pub mod pool;
#[cfg(feature = "python")]
mod py;
pub mod reader;
mod redact;
mod shown;
pub mod source;
pub mod sources;
mod sys;
mod threads;
pub mod tree;

pub use archives::compare_archive;
pub use context::{Call, Context};
pub use error::{Error, Name, Result};
pub use options::Options;
pub use outcome::{DiffReason, Finding, GroupOutcome, TreeOutcome};
pub use pair::compare;
pub use source::Source;
pub use sources::{compare_all, compare_many};
pub use tree::directories::{compare_dir, compare_dir_urls};

#[cfg(not(unix))]
compile_error!("komparu needs a Unix: Linux or macOS");
