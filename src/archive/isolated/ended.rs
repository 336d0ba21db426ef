//! How a worker ended that was not told to, in words.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// What a message says of the limit of memory where there was not enough.
pub(super) fn of_memory(limit: Option<u64>) -> String {
    limit.map_or_else(String::new, |limit| format!(" (max_archive_memory is {limit})"))
}

/// How a worker ended that was not told to, in words that go on after the name of the archive.
pub(super) fn how_it_ended(status: Option<ExitStatus>, memory: Option<u64>) -> String {
    let limit = of_memory(memory);
    let is = "cannot be read: the process of its own that read it";
    match status.map(|status| (status.signal(), status.code())) {
        // What libarchive and Rust do where there is no more memory.
        Some((Some(libc::SIGABRT), _)) => format!("{is} ran out of memory or gave up{limit}"),
        Some((None, Some(1))) => format!("{is} ran out of memory{limit}"),
        Some((Some(libc::SIGKILL), _)) => {
            format!("{is} was killed from outside, as a system does that has no more memory")
        }
        Some((Some(signal), _)) => format!("{is} crashed by signal {signal}"),
        Some((None, Some(code))) => format!("{is} ended with status {code}"),
        _ => format!("{is} ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_how_it_came() {
        let says = |raw| how_it_ended(Some(ExitStatus::from_raw(raw)), Some(7));
        assert!(says(libc::SIGSEGV).ends_with("crashed by signal 11"));
        assert!(says(libc::SIGKILL).contains("was killed from outside"));
        assert!(says(1 << 8).ends_with("ran out of memory (max_archive_memory is 7)"));
        assert!(says(3 << 8).ends_with("ended with status 3"));
        assert!(how_it_ended(None, None).ends_with("ended"));
    }
}
