//! The one network thread of the process, from outside.
//!
//! It is started by the first request. It alone touches libcurl's connections, which
//! is what libcurl asks for, and so every thread's requests use the same ones. It belongs to the
//! process that started it: a forked child starts its own and never touches its parent's. When the
//! process exits it is stopped before OpenSSL cleans up under it.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use curl::multi::Multi;

use super::outlet::{Flow, Outlet};
use super::redirect::Hop;
use super::request::Request;
use super::transfer::Next;
use super::window::{Answer, window};
use super::worker::{Command, Worker};
use crate::error::{Error, Result};
use crate::sys::curl as raw;
use crate::sys::fork::hold_off;
use crate::sys::wake::Bell;

/// How long the exit of the process waits for the thread: closing connections takes far less.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// The thread of this process, or of the one that it was forked from.
static CLIENT: Mutex<Option<Arc<Client>>> = Mutex::new(None);

/// The process is past the point where a new thread could be stopped again.
static EXITING: AtomicBool = AtomicBool::new(false);

struct Client {
    process: u32,
    /// The thread has ended, though nobody told it to: the system let it down.
    over: Arc<AtomicBool>,
    commands: Sender<Command>,
    bell: Arc<Bell>,
    ended: Mutex<Receiver<()>>,
}

impl Client {
    /// The thread of this process, started if there is none.
    fn get() -> std::io::Result<Arc<Self>> {
        let process = std::process::id();
        let alive =
            |client: &&Arc<Self>| client.process == process && !client.over.load(Ordering::Relaxed);
        let current = || CLIENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = hold_off(|| current().as_ref().filter(alive).cloned()) {
            return Ok(client);
        }
        let started = Arc::new(Self::start(process)?);
        let faster = hold_off(|| {
            let mut slot = current();
            let faster = slot.as_ref().filter(alive).cloned();
            if faster.is_none() {
                // The parent's client is not dropped: it shares its wake-up descriptors with the parent.
                std::mem::forget(slot.replace(Arc::clone(&started)));
            }
            faster
        });
        // Another thread was faster: its client serves both, and this one ends for want of senders.
        if let Some(client) = faster {
            return Ok(client);
        }
        raw::at_exit(stop_at_exit);
        Ok(started)
    }

    fn start(process: u32) -> std::io::Result<Self> {
        let (commands, orders) = channel();
        let (farewell, ended) = channel::<()>();
        let (over, bell) = (Arc::new(AtomicBool::new(false)), Arc::new(Bell::new()?));
        let (ends, rung) = (Arc::clone(&over), Arc::clone(&bell));
        // The binding of libcurl panics where it gets no descriptors: there are some if these are
        // there, and are closed just before.
        let room = [Bell::new()?, Bell::new()?];
        let body = move || {
            raw::block_signals();
            drop(room);
            if let Ok(multi) = catch_unwind(Multi::new)
                && let Ok(mut worker) = Worker::new(multi, rung)
            {
                worker.run(&orders);
            }
            // Before its orders go, and with them the requests that nobody will make.
            ends.store(true, Ordering::Relaxed);
            drop((orders, farewell));
        };
        std::thread::Builder::new().name("komparu-network".to_owned()).spawn(body)?;
        Ok(Self { process, commands, bell, over, ended: Mutex::new(ended) })
    }

    /// False if the thread is gone.
    fn send(&self, command: Command) -> bool {
        let sent = self.commands.send(command).is_ok();
        self.bell.ring();
        sent
    }
}

/// Stops the network thread for good, because the process exits. Whoever waits for a response waits
/// until the process is gone: there may be nothing left to return to, such as an interpreter.
pub(crate) fn stop() {
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

/// What libc calls on exit, where nobody has called [`stop`] before.
extern "C" fn stop_at_exit() {
    stop();
}

/// Does not return if the process exits.
pub(super) fn wait_out_exit() {
    while EXITING.load(Ordering::Relaxed) {
        std::thread::park();
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
    let (inlet, outlet) = window(&request.name, request.blocks);
    // Should the thread be gone, the inlet goes with the command, and says so.
    client.send(Command::Start(id, Box::new(Next { request, hop, inlet, again: false })));
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
