//! Archives that are read in a process of their own: a worker.
//!
//! Readers of rare formats have faults that no check in front of them can cure: archives of a few hundred bytes
//! make them work for ever, take all memory, or end the process. So they run where that harms nothing. The
//! worker is this library again, loaded by a bare Python; it runs the same code that reads archives in process
//! ([`super::open`]), and sends what that shows. The two talk through one socket, in frames ([`frame`]); the
//! archive comes as a descriptor, or piece by piece as the worker asks for it.
//!
//! [`launch`] starts a worker, [`worker`] is one as its parent has it, [`idle`] keeps those that have finished,
//! [`client`] shows the entries of an archive that a worker reads, and [`serve`] is what the worker does.
//! [`fallback`] has the reasons why there is no worker, for the log.

mod begin;
mod channel;
mod client;
mod dying;
mod ended;
pub(crate) mod fallback;
mod frame;
mod idle;
pub(crate) mod launch;
#[cfg(feature = "python")]
pub(crate) mod serve;
mod told;
mod worker;

pub(crate) use self::client::Isolated;
#[cfg(feature = "python")]
pub(crate) use self::idle::stop;
