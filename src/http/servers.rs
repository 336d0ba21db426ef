//! Servers that answer one request at a time: who waits for one that is busy is not kept waiting by it.
//!
//! A request is given up where no byte comes for as long as its user set. A server with a single worker
//! lets it wait for as long as it answers others; where those are this process's own, that time does not
//! count, until the server is seen to answer two at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::transfer::Transfer;

/// Two answers that have both had something within this time come side by side: the network thread looks
/// at least this often where requests wait.
const SIDE_BY_SIDE: Duration = Duration::from_secs(1);

/// What is known of the servers that are being asked.
#[derive(Default)]
pub(super) struct Servers(HashMap<Arc<str>, Server>);

struct Server {
    /// When something of an answer last came from it.
    busy: Instant,
    /// Has it answered two requests at once?
    at_once: bool,
}

impl Servers {
    /// Notes how its transfers are, and forgets the servers that none of them asks.
    pub(super) fn look<'t>(&mut self, transfers: impl Iterator<Item = &'t Transfer>) {
        let mut asked = HashSet::new();
        let mut flowing = HashSet::new();
        for transfer in transfers {
            let server = transfer.server();
            asked.insert(Arc::clone(server));
            if let Some(heard) = transfer.heard() {
                let flows = !transfer.is_paused() && heard.elapsed() < SIDE_BY_SIDE;
                let at_once = flows && !flowing.insert(Arc::clone(server));
                self.note(server, heard, at_once);
            }
        }
        self.0.retain(|server, _| asked.contains(server));
    }

    /// Notes that an answer of a server is over.
    pub(super) fn served(&mut self, server: &Arc<str>) {
        self.note(server, Instant::now(), false);
    }

    fn note(&mut self, server: &Arc<str>, heard: Instant, at_once: bool) {
        let known = self.0.entry(Arc::clone(server));
        let known = known.or_insert(Server { busy: heard, at_once });
        known.busy = known.busy.max(heard);
        known.at_once |= at_once;
    }

    /// Until when a server was busy, if it answers one request at a time by all that is known.
    pub(super) fn busy(&self, server: &Arc<str>) -> Option<Instant> {
        self.0.get(server).filter(|server| !server.at_once).map(|server| server.busy)
    }
}
