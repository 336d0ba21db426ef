//! The network thread, from inside: it drives libcurl, and does what it is told.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use curl::multi::{Easy2Handle, Multi};

use super::transfer::{Next, Transfer};
use crate::options::descriptor_limit;

/// Connections that are kept for later requests, those in use among them: no fewer than event loops
/// use at once, or some would be closed and made anew all the time.
const KEPT_CONNECTIONS: usize = 128;

/// How long the thread sleeps when nothing has a deadline: a command wakes it.
const IDLE: Duration = Duration::from_secs(60);

/// What the network thread is told.
pub(super) enum Command {
    Start(usize, Box<Next>),
    /// The reader has made room.
    Resume(usize),
    /// Nobody wants the rest.
    Cancel(usize),
    Stop,
}

/// The thread's own side.
pub(super) struct Worker {
    // Dropped before the multi handle that they belong to.
    active: HashMap<usize, Easy2Handle<Transfer>>,
    multi: Multi,
}

impl Worker {
    pub(super) fn new(mut multi: Multi) -> Self {
        // One body on a connection at a time, see the room's first lines. Both are hints: where
        // libcurl does not take them, nothing becomes wrong.
        let _ = multi.pipelining(false, false);
        let _ = multi.set_max_connects(KEPT_CONNECTIONS.min(descriptor_limit() / 4));
        Self { active: HashMap::new(), multi }
    }

    /// Works until told to stop, or until nobody is left who could tell. Transfers that are under
    /// way then are dropped, which their readers see as an error.
    pub(super) fn run(&mut self, orders: &Receiver<Command>) {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(Command::Start(id, next)) => self.start(id, *next),
                    Ok(Command::Resume(id)) => self.resume(id),
                    Ok(Command::Cancel(id)) => drop(self.active.remove(&id)),
                    Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) => break,
                }
            }
            if self.multi.perform().is_err() {
                return;
            }
            let moved_on = self.finish();
            let patience = self.give_up();
            let patience = if moved_on { Duration::ZERO } else { patience };
            if self.multi.poll(&mut [], patience).is_err() {
                return;
            }
        }
    }

    fn start(&mut self, id: usize, next: Next) {
        let Some(easy) = Transfer::new(next) else { return };
        // Dropping what cannot be added tells its reader.
        if let Ok(mut handle) = self.multi.add2(easy)
            && handle.set_token(id).is_ok()
        {
            self.active.insert(id, handle);
        }
    }

    fn resume(&mut self, id: usize) {
        let Some(handle) = self.active.get_mut(&id) else { return };
        handle.get_mut().resumed();
        if let Err(error) = handle.unpause_write() {
            self.remove(id, |transfer| transfer.finish(Err(error), None));
        }
    }

    /// Ends what libcurl has done with. True if a redirect is to be followed.
    fn finish(&mut self) -> bool {
        let mut done = Vec::new();
        self.multi.messages(|message| {
            if let Ok(id) = message.token()
                && let Some(handle) = self.active.get(&id)
                && let Some(result) = message.result_for2(handle)
            {
                done.push((id, result, handle.os_errno().ok()));
            }
        });
        let mut moved_on = false;
        for (id, result, errno) in done {
            moved_on |= self.remove(id, |transfer| transfer.finish(result, errno));
        }
        moved_on
    }

    /// Ends what has stalled. How long until the next transfer will have?
    fn give_up(&mut self) -> Duration {
        let now = Instant::now();
        let deadline = |handle: &Easy2Handle<Transfer>| handle.get_ref().deadline();
        let late =
            |(&id, handle): (&usize, _)| deadline(handle).filter(|&at| at <= now).map(|_| id);
        let stalled: Vec<usize> = self.active.iter().filter_map(late).collect();
        for id in stalled {
            if self.remove(id, Transfer::give_up) {
                return Duration::ZERO;
            }
        }
        let next = self.active.values().filter_map(deadline).min();
        // Rounded up: libcurl's millisecond is cut off, and would be spent spinning.
        let wait = |at: Instant| at.saturating_duration_since(now) + Duration::from_millis(1);
        next.map_or(IDLE, wait).min(IDLE)
    }

    /// Takes a transfer out of libcurl's hands, so that its connection is free for others, and ends
    /// it. True if it leads to another request, which has been started.
    fn remove(&mut self, id: usize, end: impl FnOnce(&mut Transfer) -> Option<Next>) -> bool {
        let Some(handle) = self.active.remove(&id) else { return false };
        let next = match self.multi.remove2(handle) {
            Ok(mut easy) => end(easy.get_mut()),
            Err(_) => None,
        };
        let moves_on = next.is_some();
        if let Some(next) = next {
            self.start(id, next);
        }
        moves_on
    }
}
