//! What a call has done so far, in numbers.
//!
//! All threads of a call count into the same atomics: an entry when the verdict on it is known, bytes a piece
//! at a time. Anyone who watches the call takes a snapshot of them, so that watching costs the threads nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, TryLockError};
use std::time::{Duration, Instant};

use crate::error::Name;
use crate::outcome::{Finding, Proof, Summary};
use crate::sys::lock::lock;

/// In place of a total that is not known.
const UNKNOWN: u64 = u64::MAX;

/// The counters of one call.
#[derive(Debug)]
pub(crate) struct Counters {
    begun: Instant,
    /// How long it took, once it is over.
    took: OnceLock<Duration>,
    equal: AtomicU64,
    differing: AtomicU64,
    only_left: AtomicU64,
    only_right: AtomicU64,
    moved: AtomicU64,
    failed: AtomicU64,
    /// By the number of the proof.
    proofs: [AtomicU64; Proof::ALL.len()],
    bytes: AtomicU64,
    entries_total: AtomicU64,
    bytes_total: AtomicU64,
    /// Directories that have been found and not been listed, and entries that have been found: of the trees
    /// that are being walked.
    unlisted: AtomicU64,
    listed: AtomicU64,
    is_path_wanted: AtomicBool,
    path: Mutex<Vec<u8>>,
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Entries whose verdict is known.
    pub entries: u64,
    /// How many there are, as soon as that is known.
    pub entries_total: Option<u64>,
    /// Bytes of content that have been compared; those of a pair count once.
    pub bytes: u64,
    /// How many there are to compare, as soon as that is known.
    pub bytes_total: Option<u64>,
    /// Entries that both sides have, and that differ.
    pub differing: u64,
    /// Entries that could not be compared.
    pub failed: u64,
    /// The entry that was begun last, if paths are noted.
    pub path: Option<Vec<u8>>,
    /// How long the call has taken.
    pub elapsed: Duration,
}

impl Default for Counters {
    fn default() -> Self {
        Self::since(Instant::now())
    }
}

impl Counters {
    /// Counters of a call that began at `begun`.
    pub(crate) fn since(begun: Instant) -> Self {
        Self {
            begun,
            took: OnceLock::new(),
            equal: AtomicU64::default(),
            differing: AtomicU64::default(),
            only_left: AtomicU64::default(),
            only_right: AtomicU64::default(),
            moved: AtomicU64::default(),
            failed: AtomicU64::default(),
            proofs: Default::default(),
            bytes: AtomicU64::default(),
            entries_total: AtomicU64::new(UNKNOWN),
            bytes_total: AtomicU64::new(UNKNOWN),
            unlisted: AtomicU64::default(),
            listed: AtomicU64::default(),
            is_path_wanted: AtomicBool::default(),
            path: Mutex::default(),
        }
    }

    /// Counts an entry.
    pub(crate) fn count(&self, finding: &Finding) {
        let kind = match finding {
            Finding::Equal(_) => &self.equal,
            Finding::Differs(_) => &self.differing,
            Finding::OnlyLeft => &self.only_left,
            Finding::OnlyRight => &self.only_right,
            Finding::Moved(_) => &self.moved,
            Finding::Failed(_) => &self.failed,
        };
        kind.fetch_add(1, Ordering::Relaxed);
        if let Some(proof) = finding.proof() {
            self.proofs[proof as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts so many identical entries at once.
    pub(crate) fn count_equal(&self, proof: Option<Proof>, count: u64) {
        self.equal.fetch_add(count, Ordering::Relaxed);
        if let Some(proof) = proof {
            self.proofs[proof as usize].fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Counts all entries as identical that have not been counted, once their number is known.
    pub(crate) fn count_rest_as_equal(&self) {
        let total = self.entries_total.load(Ordering::Relaxed);
        if total != UNKNOWN {
            self.count_equal(None, total.saturating_sub(self.summary().entries));
        }
    }

    /// Counts bytes that have been compared.
    pub(crate) fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    /// Says how many bytes have been compared, where that was not exactly known until now.
    pub(crate) fn set_bytes(&self, count: u64) {
        self.bytes.store(count, Ordering::Relaxed);
    }

    /// Says how many entries there are.
    pub(crate) fn set_entries_total(&self, total: u64) {
        self.entries_total.store(total, Ordering::Relaxed);
    }

    /// Says how many bytes there are to compare.
    pub(crate) fn set_bytes_total(&self, total: u64) {
        self.bytes_total.store(total, Ordering::Relaxed);
    }

    /// A directory has been found, whose entries are to be counted.
    pub(crate) fn found_directory(&self) {
        self.unlisted.fetch_add(1, Ordering::Relaxed);
    }

    /// A directory has been listed, and [`found_directory`](Self::found_directory) called for each directory in
    /// it; `entries` is how many others it has. With the last directory, the number of all entries is known.
    pub(crate) fn listed_directory(&self, entries: u64) {
        self.listed.fetch_add(entries, Ordering::Relaxed);
        if self.unlisted.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.set_entries_total(self.listed.load(Ordering::Relaxed));
        }
    }

    /// When the call began.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// Everything was compared: there is no more than has been counted.
    pub(crate) fn complete(&self) {
        self.set_entries_total(self.entries().iter().sum());
        self.set_bytes_total(self.bytes.load(Ordering::Relaxed));
    }

    /// The call is over: it has taken as long as this.
    pub(crate) fn stop_clock(&self) {
        let _ = self.took.set(self.begun.elapsed());
    }

    /// Has the path of each entry noted from now on.
    pub(crate) fn want_path(&self) {
        self.is_path_wanted.store(true, Ordering::Relaxed);
    }

    /// Notes which source is begun, if the caller wants to know.
    pub(crate) fn begin_source(&self, name: &Name) {
        if self.is_path_wanted.load(Ordering::Relaxed) {
            self.begin(&[&name.bytes()]);
        }
    }

    /// Notes which entry is begun, if the caller wants to know.
    pub(crate) fn begin(&self, parts: &[&[u8]]) {
        if !self.is_path_wanted.load(Ordering::Relaxed) {
            return;
        }
        // No thread waits for another one here: any of the paths that are begun at once will do.
        let mut path = match self.path.try_lock() {
            Ok(path) => path,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        path.clear();
        for part in parts {
            if !path.is_empty() && !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend_from_slice(part);
        }
    }

    /// How many entries there are of each kind: equal, differing, only left, only right, moved, failed.
    fn entries(&self) -> [u64; 6] {
        let [equal, differing] = [&self.equal, &self.differing];
        [equal, differing, &self.only_left, &self.only_right, &self.moved, &self.failed]
            .map(|counter| counter.load(Ordering::Relaxed))
    }

    /// What has been counted so far.
    pub(crate) fn summary(&self) -> Summary {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let [equal, differing, only_left, only_right, moved, failed] = self.entries();
        Summary {
            entries: equal + differing + only_left + only_right + moved + failed,
            equal,
            differing,
            only_left,
            only_right,
            moved,
            failed,
            bytes: read(&self.bytes),
            proofs: Proof::ALL.map(|proof| read(&self.proofs[proof as usize])),
            elapsed: self.took.get().copied().unwrap_or_else(|| self.begun.elapsed()),
        }
    }

    /// How far the call has come.
    pub(crate) fn progress(&self) -> Progress {
        let Summary { entries, differing, failed, bytes, elapsed, .. } = self.summary();
        let known = |total: &AtomicU64| {
            Some(total.load(Ordering::Relaxed)).filter(|&total| total != UNKNOWN)
        };
        let is_path_wanted = self.is_path_wanted.load(Ordering::Relaxed);
        let path = is_path_wanted.then(|| lock(&self.path).clone());
        Progress {
            entries,
            entries_total: known(&self.entries_total),
            bytes,
            bytes_total: known(&self.bytes_total),
            differing,
            failed,
            path: path.filter(|path| !path.is_empty()),
            elapsed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::DiffReason;

    #[test]
    fn every_entry_counts_once_and_with_its_proof() {
        let counters = Counters::default();
        counters.count(&Finding::Equal(Some(Proof::Bytes)));
        counters.count(&Finding::Equal(None));
        counters.count(&Finding::differs(DiffReason::SizeMismatch));
        counters.count(&Finding::OnlyLeft);
        counters.count(&Finding::OnlyRight);
        counters.count_equal(Some(Proof::Digest), 3);
        counters.add_bytes(7);
        let summary = counters.summary();
        assert_eq!((summary.entries, summary.equal, summary.bytes), (8, 5, 7));
        assert_eq!((summary.differing, summary.only_left, summary.only_right), (1, 1, 1));
        assert_eq!(summary.proofs[..5], [1, 0, 1, 3, 0]);
        assert_eq!(summary.proofs[5..], [0; 8]);
    }

    #[test]
    fn the_number_of_entries_is_known_once_every_directory_is_listed() {
        let counters = Counters::default();
        counters.found_directory();
        counters.found_directory();
        counters.listed_directory(2);
        assert_eq!(counters.progress().entries_total, None);
        counters.listed_directory(3);
        assert_eq!(counters.progress().entries_total, Some(5));
    }

    #[test]
    fn a_path_is_noted_only_where_it_is_wanted() {
        let counters = Counters::default();
        counters.begin(&[b"a", b"b"]);
        assert_eq!(counters.progress().path, None);
        counters.want_path();
        counters.begin(&[b"", b"b"]);
        assert_eq!(counters.progress().path.as_deref(), Some(&b"b"[..]));
        counters.begin(&[b"a", b"b"]);
        assert_eq!(counters.progress().path.as_deref(), Some(&b"a/b"[..]));
    }
}
