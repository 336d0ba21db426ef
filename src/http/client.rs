//! The one network thread of the process: starting it, sending it commands, stopping it.
//!
//! The first request starts it. Only this thread uses libcurl's connections, as libcurl demands, so the requests
//! of all threads share them. It belongs to the process that started it: a forked child starts its own and never
//! touches its parent's. When the process exits the thread is stopped before OpenSSL cleans up, which it uses.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use curl::multi::Multi;
use rustix::io::Errno;

use super::channel::{self, Again, Received, ReceivedHead};
use super::exit;
use super::redirect::Hop;
use super::request::Request;
use super::transfer::Attempt;
use super::worker::{Command, End, Worker};
use crate::error::{Error, Name, Result, words};
use crate::run::threads;
use crate::sys::curl as raw;
use crate::sys::fork::with_fork_lock;
use crate::sys::locale;
use crate::sys::lock::lock;
use crate::sys::wake::Waker;

/// How long the exit of the process waits for the thread: closing connections takes far less.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// How long a thread that has no descriptor waits for one: the network thread answers at once, unless all its
/// transfers are connecting, but where a machine is busy its turn may come after several pulses.
const GIVE_WAY_PATIENCE: Duration = Duration::from_millis(500);

/// The thread of this process, or of the one that it was forked from.
static CLIENT: Mutex<Option<Arc<Slot>>> = Mutex::new(None);

struct Client {
    process: u32,
    /// The thread has ended without being told to: a system call failed, or libcurl had no memory.
    dead: Arc<AtomicBool>,
    commands: mpsc::Sender<Command>,
    waker: Arc<Waker>,
    ended: Mutex<mpsc::Receiver<()>>,
}

/// The network thread of one process. It is empty while the thread is being started.
struct Slot {
    process: u32,
    client: OnceLock<std::result::Result<Arc<Client>, NoThread>>,
}

impl Slot {
    /// Is the thread of this process running, or being started?
    fn is_usable(&self, process: u32) -> bool {
        let works = |client: &Client| !client.dead.load(Ordering::Relaxed);
        self.process == process
            && self
                .client
                .get()
                .is_none_or(|client| client.as_ref().is_ok_and(|client| works(client)))
    }
}

impl Client {
    /// The thread of this process, started if there is none. Callers that come while it is being started wait
    /// for it: a thread for each of them would take more descriptors.
    fn get() -> std::result::Result<Arc<Self>, NoThread> {
        let process = std::process::id();
        let slot = with_fork_lock(|| {
            let mut current = lock(&CLIENT);
            match current.as_ref().filter(|slot| slot.is_usable(process)) {
                Some(slot) => Arc::clone(slot),
                None => {
                    let slot = Arc::new(Slot { process, client: OnceLock::new() });
                    // The parent's is not dropped: its waker's descriptor is shared with the parent.
                    std::mem::forget(current.replace(Arc::clone(&slot)));
                    slot
                }
            }
        });
        let start = || {
            let client = Self::start(process)?;
            raw::at_exit(stop_at_exit);
            Ok(Arc::new(client))
        };
        slot.client.get_or_init(start).clone()
    }

    /// A thread that is ready to take commands.
    fn start(process: u32) -> std::result::Result<Self, NoThread> {
        let (commands, received) = mpsc::channel();
        let (done, ended) = mpsc::channel::<()>();
        let (ready, begun) = mpsc::channel();
        let (dead, waker) = (Arc::new(AtomicBool::new(false)), Arc::new(Waker::new()?));
        let (has_ended, its_waker) = (Arc::clone(&dead), Arc::clone(&waker));
        let body = move || {
            raw::block_signals();
            locale::enter_for_good();
            let mut failure = None;
            match worker(Arc::clone(&its_waker)) {
                Ok(worker) => {
                    let _ = ready.send(None);
                    // The `curl` crate panics when libcurl has no memory. Transfers under way end with an
                    // error then, and the next request starts another thread.
                    let _ = catch_unwind(AssertUnwindSafe(|| work(worker, &its_waker, &received)));
                }
                Err(error) => failure = Some(error),
            }
            // Before the commands are dropped, and with them requests: their readers may start another thread.
            has_ended.store(true, Ordering::Relaxed);
            drop((received, done));
            if failure.is_some() {
                let _ = ready.send(failure);
            }
        };
        let spawned = threads::named("komparu-network").spawn(body);
        spawned.map_err(|error| NoThread::thread(&error))?;
        match begun.recv() {
            Ok(None) => Ok(Self { process, commands, waker, dead, ended: Mutex::new(ended) }),
            Ok(Some(error)) => Err(error.into()),
            Err(_) => Err(NoThread { cause: "libcurl cannot be set up".to_owned(), errno: None }),
        }
    }

    /// False if the thread is gone.
    fn send(&self, command: Command) -> bool {
        let sent = self.commands.send(command).is_ok();
        self.waker.wake();
        sent
    }
}

/// What the network thread runs.
fn worker(waker: Arc<Waker>) -> io::Result<Worker> {
    // The `curl` crate panics when libcurl gets no descriptors. These two are reserved and closed just before, so
    // that there are some. If another thread takes them, the panic is caught.
    drop([Waker::new()?, Waker::new()?]);
    match catch_unwind(Multi::new) {
        Ok(multi) => Worker::new(multi, waker),
        Err(_) => Err(io::Error::from_raw_os_error(libc::EMFILE)),
    }
}

/// What the network thread does.
fn work(mut inside: Worker, waker: &Arc<Waker>, received: &mpsc::Receiver<Command>) {
    while let End::Renew { asked, waiting } = inside.run(received) {
        drop(inside);
        let Ok(renewed) = worker(Arc::clone(waker)) else { return };
        inside = renewed;
        for answer in asked {
            // Unless the thread that asked has stopped waiting.
            let _ = answer.send(());
        }
        for (id, next) in waiting {
            inside.start(id, next);
        }
    }
}

/// Opens something with `open`. If the process has no descriptor for it, connections that are kept for
/// later requests are closed, and it is tried once more.
pub(crate) fn with_descriptor<T>(
    mut open: impl FnMut() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    match open() {
        Err(Errno::MFILE | Errno::NFILE) if give_way() => open(),
        done => done,
    }
}

/// Closes connections that are kept, where no transfer is under way. Was anything closed?
fn give_way() -> bool {
    let process = std::process::id();
    let client = with_fork_lock(|| {
        let current = lock(&CLIENT);
        let slot = current.as_ref().filter(|slot| slot.is_usable(process));
        slot.and_then(|slot| slot.client.get()).and_then(|client| client.clone().ok())
    });
    let (answer, closed) = mpsc::channel();
    client.is_some_and(|client| client.send(Command::GiveWay(answer)))
        && closed.recv_timeout(GIVE_WAY_PATIENCE).is_ok()
}

/// Why there is no network thread.
#[derive(Clone)]
struct NoThread {
    cause: String,
    errno: Option<i32>,
}

impl NoThread {
    fn thread(error: &io::Error) -> Self {
        let cause = format!("no thread could be started for its transfer ({})", words(error));
        Self { cause, errno: error.raw_os_error() }
    }

    fn for_source(self, name: &Name) -> Error {
        Error::Read { name: name.clone(), cause: self.cause, errno: self.errno, status: None }
    }
}

impl From<io::Error> for NoThread {
    fn from(error: io::Error) -> Self {
        Self { cause: words(&error), errno: error.raw_os_error() }
    }
}

/// Stops the network thread for good, because the process exits. Threads that wait for a response wait until the
/// process is gone: there may be nothing left to return to, such as an interpreter.
pub(crate) fn stop() {
    exit::begin();
    let slot = lock(&CLIENT).clone();
    if let Some(slot) = slot
        && let Some(Ok(client)) = slot.client.get()
        && client.process == std::process::id()
        && client.send(Command::Stop)
    {
        let ended = lock(&client.ended);
        // Its sender is dropped when the thread has cleaned up: an error either way.
        let _ = ended.recv_timeout(STOP_PATIENCE);
    }
}

/// Called by libc on exit; does nothing if [`stop`] was called before.
extern "C" fn stop_at_exit() {
    stop();
}

/// A response under way. Dropping it cancels the transfer at once.
pub(crate) struct Response {
    receiver: channel::Receiver,
    client: Arc<Client>,
    id: usize,
}

/// Sends `request` to where `hop` leads, and does not wait.
///
/// # Errors
/// When no thread can be started for it.
pub(crate) fn fetch(request: Arc<Request>, hop: Hop) -> Result<Response> {
    static NEXT_ID: AtomicUsize = AtomicUsize::new(0);
    if exit::has_begun() {
        return Err(Error::read(&request.name, "the process is about to exit"));
    }
    let client = Client::get().map_err(|error| error.for_source(&request.name))?;
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let (sender, receiver) = channel::channel(&request.name, request.blocks);
    let next = Attempt::first(request, hop, sender);
    // If the thread is gone, the sender is dropped with the command, which the receiver sees.
    client.send(Command::Start(id, Box::new(next)));
    Ok(Response { receiver, client, id })
}

impl Response {
    /// The head, if it comes within `patience`.
    ///
    /// # Errors
    /// When the request has failed.
    pub(crate) fn head(&self, patience: Duration) -> Result<Option<Arc<ReceivedHead>>> {
        self.receiver.head(patience)
    }

    /// The next bytes of the body, if any come within `patience`.
    ///
    /// # Errors
    /// When the body broke off.
    pub(crate) fn receive(&mut self, patience: Duration) -> Result<Received> {
        let (client, id) = (&self.client, self.id);
        self.receiver.receive(patience, || _ = client.send(Command::Resume(id)))
    }

    /// The bytes that were received and not taken.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.receiver.bytes()
    }

    /// May it be asked for again, now that it has failed?
    pub(crate) fn again(&self) -> Option<Again> {
        self.receiver.again()
    }

    /// Takes `length` bytes of what [`receive`](Self::receive) last returned.
    pub(crate) fn consume(&mut self, length: usize) {
        self.receiver.consume(length);
    }

    /// Does the transfer wait until more of the body is read?
    pub(crate) fn is_paused(&self) -> bool {
        self.receiver.is_paused()
    }

    /// Was this process forked after the request was sent? The network thread is not in the child.
    pub(crate) fn is_parents(&self) -> bool {
        self.client.process != std::process::id()
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if !self.is_parents() && !self.receiver.has_ended() {
            self.client.send(Command::Cancel(self.id));
        }
    }
}
