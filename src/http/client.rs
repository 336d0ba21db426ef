//! The network thread.
//!
//! One for the process, started by the first request. It alone touches libcurl's connections, which
//! is what libcurl asks for, and so every thread's requests use the same ones. It belongs to the
//! process that started it: a forked child starts its own and never touches its parent's. When the
//! process exits it is stopped before OpenSSL cleans up under it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use curl::multi::{Easy2Handle, Multi, MultiWaker};

use super::redirect::Hop;
use super::request::Request;
use super::transfer::{Next, Transfer};
use super::window::{Answer, Flow, Outlet, window};
use crate::error::{Error, Result};
use crate::sys::curl as raw;

/// Connections that are kept for later requests.
const KEPT_CONNECTIONS: usize = 64;

/// How long the exit of the process waits for the thread: closing connections takes far less.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// How long the thread sleeps when nothing has a deadline: a command wakes it.
const IDLE: Duration = Duration::from_secs(60);

/// The thread of this process, or of the one that it was forked from.
static CLIENT: Mutex<Option<Arc<Client>>> = Mutex::new(None);

/// The process is past the point where a new thread could be stopped again.
static EXITING: AtomicBool = AtomicBool::new(false);

/// What the network thread is told.
enum Command {
    Start(usize, Box<Next>),
    /// The reader has made room.
    Resume(usize),
    /// Nobody wants the rest.
    Cancel(usize),
    Stop,
}

struct Client {
    process: u32,
    commands: Sender<Command>,
    waker: MultiWaker,
    ended: Mutex<Receiver<()>>,
}

impl Client {
    /// The thread of this process, started if there is none.
    fn get() -> std::io::Result<Arc<Self>> {
        let process = std::process::id();
        let alive = |client: &&Arc<Self>| client.process == process;
        // Held for the length of a copy only: a fork at just that moment would leave the child's
        // copy of the lock locked.
        let current = || CLIENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = current().as_ref().filter(alive) {
            return Ok(Arc::clone(client));
        }
        let started = Arc::new(Self::start(process)?);
        let mut slot = current();
        // Another thread was faster: its client serves both, and this one ends for want of senders.
        if let Some(client) = slot.as_ref().filter(alive) {
            return Ok(Arc::clone(client));
        }
        // The parent's client is not dropped: it shares its wake-up descriptors with the parent.
        std::mem::forget(slot.replace(Arc::clone(&started)));
        drop(slot);
        raw::at_exit(stop_at_exit);
        Ok(started)
    }

    fn start(process: u32) -> std::io::Result<Self> {
        let (commands, orders) = channel();
        let (hello, greeting) = channel();
        let (farewell, ended) = channel::<()>();
        let body = move || {
            raw::block_signals();
            let multi = Multi::new();
            // The receiver only goes away together with whoever started this thread.
            let _ = hello.send(multi.waker());
            Worker::new(multi).run(&orders);
            drop(farewell);
        };
        std::thread::Builder::new().name("komparu-network".to_owned()).spawn(body)?;
        let waker = greeting.recv().map_err(std::io::Error::other)?;
        Ok(Self { process, commands, waker, ended: Mutex::new(ended) })
    }

    /// False if the thread is gone.
    fn send(&self, command: Command) -> bool {
        self.commands.send(command).is_ok() && self.waker.wakeup().is_ok()
    }
}

/// The exit hook. Whoever still waits for a response gets an error.
extern "C" fn stop_at_exit() {
    EXITING.store(true, Ordering::Relaxed);
    let client = CLIENT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(client) = client
        && client.process == std::process::id()
        && client.send(Command::Stop)
    {
        let ended = client.ended.lock().unwrap_or_else(PoisonError::into_inner);
        // Its sender is dropped when the thread has cleaned up: an error either way.
        let _ = ended.recv_timeout(STOP_PATIENCE);
    }
}

/// A response under way. Dropping it cancels the transfer at once.
pub(crate) struct Response {
    outlet: Outlet,
    client: Arc<Client>,
    id: usize,
}

/// Sends `request` to where `hop` leads, and does not wait.
///
/// # Errors
/// When no thread can be started for it.
pub(crate) fn fetch(request: Arc<Request>, hop: Hop) -> Result<Response> {
    static NEXT_ID: AtomicUsize = AtomicUsize::new(0);
    if EXITING.load(Ordering::Relaxed) {
        return Err(Error::read(&request.name, "the process is about to exit"));
    }
    let client = Client::get().map_err(|error| Error::system(&request.name, &error))?;
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let (inlet, outlet) = window(&request.name);
    // Should the thread be gone, the inlet goes with the command, and says so.
    client.send(Command::Start(id, Box::new(Next { request, hop, inlet })));
    Ok(Response { outlet, client, id })
}

impl Response {
    /// The head, if it comes within `patience`.
    ///
    /// # Errors
    /// When the request has failed.
    pub(crate) fn answer(&self, patience: Duration) -> Result<Option<Arc<Answer>>> {
        self.outlet.answer(patience)
    }

    /// What of the body is at hand, if anything comes within `patience`.
    ///
    /// # Errors
    /// When the body broke off.
    pub(crate) fn flow(&mut self, patience: Duration) -> Result<Flow<'_>> {
        let (client, id) = (&self.client, self.id);
        self.outlet.flow(patience, || _ = client.send(Command::Resume(id)))
    }

    /// Takes `length` bytes of what [`flow`](Self::flow) last showed.
    pub(crate) fn consume(&mut self, length: usize) {
        self.outlet.consume(length);
    }

    /// Was this process forked since the request was sent? The network thread is not in the child.
    pub(crate) fn is_parents(&self) -> bool {
        self.client.process != std::process::id()
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if !self.is_parents() && !self.outlet.has_ended() {
            self.client.send(Command::Cancel(self.id));
        }
    }
}

/// The thread's own side.
struct Worker {
    // Dropped before the multi handle that they belong to.
    active: HashMap<usize, Easy2Handle<Transfer>>,
    multi: Multi,
}

impl Worker {
    fn new(mut multi: Multi) -> Self {
        // One body on a connection at a time, see the room's first lines. Both are hints: where
        // libcurl does not take them, nothing becomes wrong.
        let _ = multi.pipelining(false, false);
        let _ = multi.set_max_connects(KEPT_CONNECTIONS);
        Self { active: HashMap::new(), multi }
    }

    /// Works until told to stop, or until nobody is left who could tell. Transfers that are under
    /// way then are dropped, which their readers see as an error.
    fn run(&mut self, orders: &Receiver<Command>) {
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
            for transfer in self.active.values_mut() {
                transfer.get_mut().flush();
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
