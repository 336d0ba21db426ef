//! Servers that answer one request at a time: waiting for such a server while it is busy is not held against
//! it.
//!
//! A request is given up when no byte has come for as long as its user set. A server with a single worker
//! keeps it waiting for as long as it answers others. If those are requests of this process, that time does
//! not count, until the server is seen to answer two at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::transfer::Transfer;

/// Two answers of which bytes have come within this time are answered at once: the network thread checks at
/// least this often while requests wait.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The servers that requests are being made to.
#[derive(Default)]
pub(super) struct Servers(HashMap<Arc<str>, Server>);

struct Server {
    /// When bytes of an answer last came from it.
    busy: Instant,
    /// Has it answered two requests at once?
    at_once: bool,
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
        self.0.retain(|server, _| asked.contains(server));
    }

    /// Notes that an answer of a server has ended.
    pub(super) fn served(&mut self, server: &Arc<str>) {
        self.note(server, Instant::now(), false);
    }

    fn note(&mut self, server: &Arc<str>, last_received: Instant, at_once: bool) {
        let known = self.0.entry(Arc::clone(server));
        let known = known.or_insert(Server { busy: last_received, at_once });
        known.busy = known.busy.max(last_received);
        known.at_once |= at_once;
    }

    /// Until when a server was busy, unless it is known to answer several requests at once.
    pub(super) fn busy(&self, server: &Arc<str>) -> Option<Instant> {
        self.0.get(server).filter(|server| !server.at_once).map(|server| server.busy)
    }
}
