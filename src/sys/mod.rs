//! The only unsafe code of the crate. What is safe to call from outside is safe for any arguments.
#![expect(unsafe_code, reason = "the only module that may; every block says why it is sound")]

#[cfg(feature = "bundled")]
mod bundled;
pub(crate) mod curl;
pub(crate) mod descriptors;
pub(crate) mod fork;
#[cfg(feature = "python")]
pub(crate) mod interpreter;
pub(crate) mod libarchive;
pub(crate) mod locale;
pub(crate) mod lock;
#[cfg(feature = "python")]
pub(crate) mod process;
pub(crate) mod schedule;
pub(crate) mod sockets;
pub(crate) mod url;
pub(crate) mod wake;
pub(crate) mod words;
