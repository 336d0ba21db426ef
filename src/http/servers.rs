//! Servers that answer one request at a time: waiting for such a server while it is busy is not held against
//! it, and it is not kept from answering by a connection that it keeps.
//!
//! A request is given up when no byte has come for as long as its user set. A server with a single worker
//! keeps it waiting for as long as it answers others. If those are requests of this process, that time does
//! not count, until the server is seen to answer two at once.
//!
//! Where such a server keeps connections, its worker waits at the one that it answered last for the next request,
//! and looks at no other connection. A request that was sent by another one is therefore asked again at
//! that one, once it has waited for some time; or at once, where that helped before.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::transfer::Transfer;

/// Two answers of which bytes have come within this time are answered at once: the network thread checks at
/// least this often while requests wait.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How long a request waits for its answer, at most, while its server keeps a connection that it could be sent by.
/// Most answers take far less; a server that only is slow is asked twice.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long libcurl keeps a connection for later requests (`CURLOPT_MAXAGE_CONN`).
const KEPT_FOR: Duration = Duration::from_secs(118);

/// The servers that requests are being made to, and those that keep connections.
#[derive(Default)]
pub(super) struct Servers(HashMap<Arc<str>, Server>);

struct Server {
    /// When bytes of an answer last came from it.
    busy: Instant,
    /// Has it answered two requests at once?
    at_once: bool,
    /// Connections that it keeps, and that no transfer uses.
    idle: usize,
    /// Since when there have been any, or one more.
    idle_since: Instant,
    /// What it does while it keeps a connection.
    meanwhile: Meanwhile,
}

/// What a server does with other connections while it keeps one that no request comes by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Unknown,
    /// It answered a request by another one.
    Answers,
    /// It answered by the one that it kept what it had not answered by another one.
    Waits,
}

impl Servers {
    /// Notes what the transfers have received, and forgets the servers that none of them is for.
    pub(super) fn note_all<'t>(&mut self, transfers: impl Iterator<Item = &'t Transfer>) {
        let mut asked = HashSet::new();
        let mut flowing = HashSet::new();
        for transfer in transfers {
            let server = transfer.server();
            asked.insert(Arc::clone(server));
            if let Some(last_received) = transfer.last_received() {
                let flows = !transfer.is_paused() && last_received.elapsed() < AT_ONCE;
                let at_once = flows && !flowing.insert(Arc::clone(server));
                self.note(server, last_received, at_once);
            }
        }
        self.0.retain(|server, known| {
            asked.contains(server) || (known.idle > 0 && known.idle_since.elapsed() < KEPT_FOR)
        });
    }

    /// Notes that a transfer takes a connection that its server keeps, if it keeps any.
    pub(super) fn asked(&mut self, server: &str) {
        if let Some(known) = self.0.get_mut(server) {
            known.idle = known.idle.saturating_sub(1);
        }
    }

    /// Notes that an answer has ended, or was given up. `kept`: its connection can be used again.
    pub(super) fn served(&mut self, transfer: &Transfer, kept: bool) {
        let Some(answered) = transfer.first_received() else { return };
        let now = Instant::now();
        let server = transfer.server();
        self.note(server, now, false);
        let Some(known) = self.0.get_mut(server) else { return };
        let idled = known.idle > 0 && known.idle_since < answered;
        if idled && transfer.has_own_connection() {
            known.meanwhile = Meanwhile::Answers;
        } else if transfer.is_in_line()
            && answered.duration_since(transfer.started()) < patience(transfer)
        {
            known.meanwhile = Meanwhile::Waits;
        }
        if kept {
            known.idle += 1;
            known.idle_since = now;
        }
    }

    fn note(&mut self, server: &Arc<str>, last_received: Instant, at_once: bool) {
        let known = self.0.entry(Arc::clone(server)).or_insert_with(|| Server {
            busy: last_received,
            at_once,
            idle: 0,
            idle_since: last_received,
            meanwhile: Meanwhile::Unknown,
        });
        known.busy = known.busy.max(last_received);
        known.at_once |= at_once;
    }

    /// Until when a server was busy, unless it is known to answer several requests at once.
    pub(super) fn busy(&self, server: &Arc<str>) -> Option<Instant> {
        self.0.get(server).filter(|server| !server.at_once).map(|server| server.busy)
    }

    /// When a transfer is to be made again, by a connection that its server keeps: if it has no answer until then.
    pub(super) fn turn(&self, transfer: &Transfer) -> Option<Instant> {
        let known = self.0.get(transfer.server()).filter(|server| server.idle > 0)?;
        if transfer.first_received().is_some() || !transfer.has_own_connection() {
            return None;
        }
        match known.meanwhile {
            Meanwhile::Answers => None,
            Meanwhile::Waits => Some(known.idle_since),
            Meanwhile::Unknown => {
                let begun = known.idle_since.max(transfer.started());
                begun.checked_add(patience(transfer))
            }
        }
    }
}

/// A quarter of what its user set, so that there is time for an answer.
fn patience(transfer: &Transfer) -> Duration {
    PATIENCE.min(transfer.timeout() / 4)
}
