//! Why archives are read in this process after all, for the log.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::words;
use crate::sys::fork::with_fork_lock;
use crate::sys::lock::lock;

/// How many different reasons are kept: there are few, and each is told once.
const MOST: usize = 8;

/// Is there a reason that has not been told?
static UNTOLD: AtomicBool = AtomicBool::new(false);
static REASONS: Mutex<Reasons> = Mutex::new(Reasons { all: Vec::new(), told: 0 });

struct Reasons {
    all: Vec<String>,
    told: usize,
}

/// Why a worker did not come to work.
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) errno: Option<i32>,
    /// Is this process not able to start workers at all? Then archives are read in this one. Where it has only
    /// used up what it may have, they are not: an archive must not be able to bring that about.
    pub(super) is_no_right: bool,
}

impl Failure {
    /// It was not started.
    pub(super) fn of(error: &io::Error) -> Self {
        let exhausted = [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE];
        let errno = error.raw_os_error();
        let is_no_right = errno.is_none_or(|errno| !exhausted.contains(&errno));
        Self { why: words(error), errno, is_no_right }
    }

    /// It ended before it was there.
    pub(super) fn ended(status: Option<ExitStatus>) -> Self {
        // What Python ends with where it cannot begin, and a filter of system calls that kills: seccomp(2).
        let is_no_right = status.is_some_and(|status| {
            status.code() == Some(1) || status.signal() == Some(libc::SIGSYS)
        });
        let why = match status {
            Some(status) => format!("it ended at once: {status}"),
            None => "it ended at once".to_owned(),
        };
        Self { why, errno: None, is_no_right }
    }
}

/// Notes a reason, to be told.
pub(super) fn note(why: &str) {
    with_fork_lock(|| {
        let mut reasons = lock(&REASONS);
        if reasons.all.len() < MOST && !reasons.all.iter().any(|noted| noted == why) {
            reasons.all.push(why.to_owned());
            UNTOLD.store(true, Ordering::Relaxed);
        }
    });
}

/// Is there a reason that has not been told? Asked at the end of each call.
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "only Python has a log"))]
pub(crate) fn is_untold() -> bool {
    UNTOLD.load(Ordering::Relaxed)
}

/// The reasons that have not been told, which are told now.
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "only Python has a log"))]
pub(crate) fn untold() -> Vec<String> {
    with_fork_lock(|| {
        let mut reasons = lock(&REASONS);
        UNTOLD.store(false, Ordering::Relaxed);
        let all = reasons.all.len();
        let from = std::mem::replace(&mut reasons.told, all);
        reasons.all[from..].to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told_once() {
        for why in ["one of the test", "one of the test", "another of the test"] {
            note(why);
        }
        let told = untold();
        assert_eq!(told.iter().filter(|why| why.ends_with("of the test")).count(), 2);
        note("one of the test");
        assert!(!untold().iter().any(|why| why == "one of the test"));
    }

    #[test]
    fn what_is_used_up_is_no_lack_of_a_right() {
        let is_no_right = |errno| Failure::of(&io::Error::from_raw_os_error(errno)).is_no_right;
        for errno in [libc::EPERM, libc::ENOSYS, libc::ENOENT, libc::EACCES] {
            assert!(is_no_right(errno), "{errno}");
        }
        for errno in [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE] {
            assert!(!is_no_right(errno), "{errno}");
        }
    }

    #[test]
    fn a_worker_that_was_killed_as_it_began_is_no_lack_of_a_right() {
        let is_no_right = |raw| Failure::ended(Some(ExitStatus::from_raw(raw))).is_no_right;
        assert!(is_no_right(1 << 8) && is_no_right(libc::SIGSYS));
        assert!(!is_no_right(3 << 8) && !is_no_right(libc::SIGKILL) && !is_no_right(libc::SIGSEGV));
        assert!(!Failure::ended(None).is_no_right);
    }
}
