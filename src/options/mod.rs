//! What a caller can choose: every option stands in the table of `table.rs`, and nowhere else.
//!
//! A layer that sets some of them (the configuration, a call, a source) is an [`Overrides`]. What holds is
//! made by [`Options::apply`] from the defaults on, layer by layer, the strongest last.

mod auth;
mod check;
mod client_cert;
mod detect_changes;
mod isolate;
mod on_error;
mod retries;
mod row;
mod shown;
mod structs;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::sync::atomic::{AtomicUsize, Ordering};

pub use self::auth::Auth;
pub use self::client_cert::ClientCert;
pub use self::detect_changes::DetectChanges;
pub use self::isolate::Isolate;
pub use self::on_error::OnError;
pub(crate) use self::retries::{LONGEST, Retries};
pub use self::row::{Description, Function, Layer, Topic, ValueKind};
pub use self::table::{ArchiveLimits, FileOptions, HttpOptions, Options, Overrides, Row, TABLE};
pub use self::value::Value;
use crate::error::{Error, Result};
use crate::ignore::Selection;
use crate::run::sink::EarlyEnd;
pub use crate::web::environment::Environment;

/// More threads than this gain nothing on one machine's disks and memory.
const DEFAULT_WORKERS: usize = 8;

/// Transfers at once: a thread that waits for a server takes no CPU meanwhile.
const DEFAULT_TRANSFERS: usize = 16;

impl Options {
    /// Checks every value. To be called before any I/O by a program that fills the fields itself.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) with the option's name and what it must be.
    pub fn validate(&self) -> Result<()> {
        if self.max_differences == Some(0) {
            return Err(Error::Argument("max_differences must be positive or None".to_owned()));
        }
        TABLE.iter().try_for_each(|row| row.kind.check(row.name, &(row.value)(self)))
    }

    /// What ends a comparison of trees before everything is compared.
    pub(crate) fn early_end(&self) -> EarlyEnd {
        let on_error = self.on_error == OnError::Raise;
        let &Self { max_differences, one_way, moves, .. } = self;
        EarlyEnd { max_differences, on_error, one_way, moves }
    }

    /// For comparisons that cannot pair names whatever their case.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if that is asked for.
    pub(crate) fn refuse_ignore_case(&self) -> Result<()> {
        if self.ignore_case {
            return Err(Error::Config("ignore_case is not for archives".to_owned()));
        }
        Ok(())
    }

    /// Which entries of trees count.
    pub(crate) fn selection(&self) -> Selection {
        Selection { ignore: self.ignore.clone(), only: self.only.clone() }
    }

    /// How many threads compare files of this machine within one call.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.max_workers {
            0 => default_workers(),
            chosen => chosen,
        }
    }

    /// How many comparisons run at once within one call where a side is a URL.
    #[must_use]
    pub fn transfers(&self) -> usize {
        match self.max_workers {
            0 => DEFAULT_TRANSFERS,
            chosen => chosen,
        }
    }
}

/// How many threads compare files of this machine where no number is chosen: as many as pay off.
pub(crate) fn default_workers() -> usize {
    available_cpus().min(DEFAULT_WORKERS)
}

/// The CPUs this process may use: its affinity mask and, on Linux, its cgroup's quota. Asking reads
/// several files under /proc and /sys (60 µs), so the first answer is kept. Two threads may both ask:
/// were one to wait for the other, it would do so for ever in a child that was forked just then.
fn available_cpus() -> usize {
    static CPUS: AtomicUsize = AtomicUsize::new(0);
    match CPUS.load(Ordering::Relaxed) {
        0 => {
            let cpus = std::thread::available_parallelism().map_or(1, usize::from);
            CPUS.store(cpus, Ordering::Relaxed);
            cpus
        }
        cpus => cpus,
    }
}
