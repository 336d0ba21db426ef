//! What the network thread runs: it drives libcurl, and follows commands.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{Duration, Instant};

use curl::easy::Easy2;
use curl::multi::{Easy2Handle, Multi};

use super::servers::Servers;
use super::transfer::{Attempt, Transfer};
use crate::sys::descriptors::descriptor_limit;
use crate::sys::sockets::Sockets;
use crate::sys::wake::Waker;

/// Connections that are kept for later requests, those in use included: no fewer than a call may have transfers
/// at once, or some would be closed and opened again all the time.
const KEPT_CONNECTIONS: usize = 256;

/// How long the thread sleeps when nothing is under way: a command wakes it.
const IDLE: Duration = Duration::from_secs(60);

/// A command for the network thread.
pub(super) enum Command {
    Start(usize, Box<Attempt>),
    /// The reader has made room.
    Resume(usize),
    /// The reader was dropped.
    Cancel(usize),
    /// Connections that are kept for later are to be closed, if that can be: a descriptor is wanted. Answered
    /// once they are, and dropped otherwise.
    GiveWay(Sender<()>),
    Stop,
}

/// Why the thread does not go on with what it has.
pub(super) enum End {
    Stop,
    /// libcurl closes kept connections only together with its handle: a new one is to take its place.
    Renew {
        /// The threads that asked for it.
        asked: Vec<Sender<()>>,
        /// What could not be connected, and waits for that.
        waiting: Vec<(usize, Attempt)>,
    },
}

/// The state of the network thread.
pub(super) struct Worker {
    // Dropped before the multi handle that they belong to.
    active: HashMap<usize, Easy2Handle<Transfer>>,
    multi: Multi,
    sockets: Sockets,
    servers: Servers,
    /// There may be connections that are kept.
    used: bool,
    /// Requests that found no descriptor, and are made again once kept connections are closed.
    waiting: Vec<(usize, Attempt)>,
    /// Threads that want a descriptor, while it is not known whether transfers that are connecting get theirs.
    asked: Vec<Sender<()>>,
    /// No transfer has to be given up before this. Checking takes a look at all of them, which is not done at
    /// every turn.
    next_check: Instant,
}

impl Worker {
    /// `waker` is set off after each command.
    ///
    /// # Errors
    /// When libcurl cannot do it.
    pub(super) fn new(mut multi: Multi, waker: Arc<Waker>) -> io::Result<Self> {
        // One body on a connection at a time, see the first lines of `http`. Both are hints: it does not matter if
        // libcurl does not take them.
        let _ = multi.pipelining(false, false);
        let _ = multi.set_max_connects(KEPT_CONNECTIONS.min(descriptor_limit() / 4).max(1));
        let sockets = Sockets::of(&mut multi, waker)?;
        let (active, servers) = (HashMap::new(), Servers::default());
        let (used, waiting, asked) = (false, Vec::new(), Vec::new());
        let next_check = Instant::now() + IDLE;
        Ok(Self { active, multi, sockets, servers, used, waiting, asked, next_check })
    }

    /// Runs until it is told to stop, or until all senders of commands are gone. Transfers that are under way then
    /// are dropped, which their readers see as an error.
    pub(super) fn run(&mut self, commands: &Receiver<Command>) -> End {
        loop {
            loop {
                match commands.try_recv() {
                    Ok(Command::Start(id, next)) => self.start(id, *next),
                    Ok(Command::Resume(id)) => self.resume(id),
                    Ok(Command::Cancel(id)) => {
                        drop(self.active.remove(&id));
                        self.waiting.retain(|(waiting, _)| *waiting != id);
                    }
                    Ok(Command::GiveWay(answer)) if self.used => self.asked.push(answer),
                    // There is nothing that could be closed.
                    Ok(Command::GiveWay(_)) => {}
                    Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return End::Stop,
                    Err(TryRecvError::Empty) => break,
                }
            }
            if let Some(end) = self.settle_descriptors() {
                return end;
            }
            let patience = self.next_check.saturating_duration_since(Instant::now());
            if self.sockets.turn(&self.multi, patience).is_err() {
                return End::Stop;
            }
            self.finish();
            if self.next_check <= Instant::now() {
                self.give_up();
            }
        }
    }

    /// Has requests and threads that want a descriptor go on. libcurl's handle can only be renewed where no
    /// transfer is under way. If one has its connection, requests have to do without; while all are connecting,
    /// nothing is known yet.
    fn settle_descriptors(&mut self) -> Option<End> {
        if self.waiting.is_empty() && self.asked.is_empty() {
            return None;
        }
        if self.active.is_empty() {
            let asked = std::mem::take(&mut self.asked);
            let waiting = std::mem::take(&mut self.waiting);
            return Some(End::Renew { asked, waiting });
        }
        let mut connected =
            self.active.values().filter(|handle| !handle.get_ref().is_connecting()).peekable();
        if connected.peek().is_some() {
            // One that waits for its reader may wait for the thread that asks. Others may end soon, and that thread
            // does not wait for long.
            if connected.any(|handle| handle.get_ref().is_paused()) {
                self.asked.clear();
            }
            for (id, next) in std::mem::take(&mut self.waiting) {
                self.start(id, next);
            }
        }
        None
    }

    pub(super) fn start(&mut self, id: usize, next: Attempt) {
        self.used = true;
        let Some(easy) = Transfer::new(next) else { return };
        self.servers.asked(easy.get_ref().server());
        // A transfer that cannot be added is dropped, which its reader sees as an error.
        if let Ok(mut handle) = self.multi.add2(easy)
            && handle.set_token(id).is_ok()
        {
            self.next_check = self.next_check.min(handle.get_ref().next_check(Instant::now()));
            self.active.insert(id, handle);
        }
    }

    fn resume(&mut self, id: usize) {
        let Some(handle) = self.active.get_mut(&id) else { return };
        handle.get_mut().resumed();
        if let Err(error) = handle.unpause_write() {
            self.remove(id, false, |transfer| transfer.finish(Err(error), None));
        }
    }

    /// Ends the transfers that libcurl has completed.
    fn finish(&mut self) {
        let mut done = Vec::new();
        self.multi.messages(|message| {
            if let Ok(id) = message.token()
                && let Some(handle) = self.active.get(&id)
                && let Some(result) = message.result_for2(handle)
            {
                done.push((id, result, handle.os_errno().ok()));
            }
        });
        let ended = !done.is_empty();
        for (id, result, errno) in done {
            let late = result.as_ref().is_err_and(curl::Error::is_operation_timedout);
            if late && self.was_kept_waiting(id) {
                self.remove(id, false, Transfer::connect_again);
            } else {
                self.remove(id, result.is_ok(), |transfer| transfer.finish(result, errno));
            }
        }
        if ended && !self.active.is_empty() {
            self.ask_in_line();
        }
    }

    /// Makes transfers again whose servers do not look at their connections, but at others that they keep.
    fn ask_in_line(&mut self) {
        let now = Instant::now();
        // Each takes one of the connections that are kept. The one that has waited longest comes first.
        while let Some((turn, id)) = self.next_in_line() {
            if turn > now {
                self.next_check = self.next_check.min(turn);
                return;
            }
            self.remove(id, false, Transfer::ask_in_line);
        }
    }

    fn next_in_line(&self) -> Option<(Instant, usize)> {
        let turn = |(&id, handle): (&usize, &Easy2Handle<Transfer>)| {
            self.servers.turn(handle.get_ref()).map(|turn| (turn, id))
        };
        self.active.iter().filter_map(turn).min()
    }

    /// Did the transfer get no connection because its server was busy with another request not long ago? A server
    /// that answers a single request at a time accepts few further connections.
    fn was_kept_waiting(&mut self, id: usize) -> bool {
        self.note_servers();
        let Some(transfer) = self.active.get(&id).map(Easy2Handle::get_ref) else { return false };
        let busy = self.servers.busy(transfer.server());
        transfer.is_connecting() && busy.is_some_and(|busy| busy.elapsed() < transfer.timeout())
    }

    fn note_servers(&mut self) {
        self.servers.note_all(self.active.values().map(Easy2Handle::get_ref));
    }

    /// Ends the transfers that have stalled.
    fn give_up(&mut self) {
        let now = Instant::now();
        self.note_servers();
        self.ask_in_line();
        for transfer in self.active.values_mut().map(Easy2Handle::get_mut) {
            if let Some(until) = self.servers.busy(transfer.server()) {
                transfer.excuse(until);
            }
        }
        let late = |handle: &Easy2Handle<Transfer>| {
            handle.get_ref().deadline().is_some_and(|deadline| deadline <= now)
        };
        let stalled = self.active.iter().filter_map(|(&id, handle)| late(handle).then_some(id));
        for id in stalled.collect::<Vec<_>>() {
            self.remove(id, false, Transfer::give_up);
        }
        let looks = self.active.values().map(|handle| handle.get_ref().next_check(now));
        let turn = self.next_in_line().map(|(turn, _)| turn);
        self.next_check = looks.chain(turn).min().unwrap_or(now + IDLE);
    }

    /// Removes a transfer from libcurl, so that its connection is free for others, and ends it. If another attempt
    /// follows, that is started. `whole`: its answer has been received to the end.
    fn remove(
        &mut self,
        id: usize,
        whole: bool,
        end: impl FnOnce(&mut Transfer) -> Option<Attempt>,
    ) {
        let Some(handle) = self.active.remove(&id) else { return };
        let kept = whole && handle.get_ref().keeps_connection();
        self.servers.served(handle.get_ref(), kept);
        let removed = self.multi.remove2(handle).map(|mut easy| {
            keep_cookies(&mut easy);
            easy
        });
        if let Ok(mut easy) = removed
            && let Some(next) = end(easy.get_mut())
        {
            if next.lacks_socket {
                self.waiting.push((id, next));
            } else {
                self.start(id, next);
            }
        }
    }
}

/// Has the next hop know the cookies that this one was answered with.
fn keep_cookies(easy: &mut Easy2<Transfer>) {
    if !easy.get_ref().sets_cookies() {
        return;
    }
    if let Ok(cookies) = easy.cookies() {
        let text = |cookie: &[u8]| String::from_utf8(cookie.to_vec()).ok();
        let cookies = cookies.iter().filter_map(text).collect();
        easy.get_mut().keep_cookies(cookies);
    }
}
