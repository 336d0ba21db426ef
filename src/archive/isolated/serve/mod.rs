//! What a worker does: it reads archives, and says what is in them, until its parent is gone.

mod bytes;
mod talk;

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getppid, getrlimit, setrlimit};

use self::bytes::{Asked, InOrder};
use self::talk::Talk;
use super::frame::{self, Access, Counted, Failed, Frame, Opening};
use crate::archive::input::Bytes;
use crate::archive::limits::Meter;
use crate::archive::open::{Manner, open_here};
use crate::archive::password::Password;
use crate::archive::stream::Step;
use crate::error::{Error, Name, Result};
use crate::run::context::{Call, Context};
use crate::run::panics::caught;
use crate::sys::lock::lock;
use crate::sys::process::{close_from, exit_now, memory_comes_and_goes};

/// How many descriptors a worker may have open: its socket, where its output would go, the archive, and what the C
/// library opens for a moment to convert names.
const DESCRIPTORS: u64 = 32;

/// How often a worker looks whether its parent is still there.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// How often a worker that has nothing to say looks whether it is to give up: a quarter of the time within which
/// its parent expects it to.
const PULSE: Duration = Duration::from_millis(5);

/// Serves archives to the process `parent`, through the standard input, and never returns.
pub(crate) fn serve(parent: u32) -> ! {
    close_from(3);
    let Ok(socket) = std::io::stdin().as_fd().try_clone_to_owned() else { exit_now(3) };
    let _ = rustix::process::chdir("/");
    let Ok(watched) = socket.try_clone() else { exit_now(3) };
    let watch = std::thread::Builder::new().stack_size(64 << 10);
    if watch.spawn(move || watch_parent(&watched, parent)).is_err() || give_up_rights().is_err() {
        exit_now(3);
    }
    let talk = Arc::new(Mutex::new(Talk::new(socket)));
    memory_comes_and_goes();
    let base = address_space();
    loop {
        let opened = {
            let mut talk = lock(&talk);
            talk.say(&Frame::Ready { grown: grown(base) });
            talk.opening()
        };
        let Some((opening, descriptor)) = opened else { exit_now(0) };
        let read = limit_memory(base, opening.limits.max_archive_memory)
            .and_then(|()| caught(|| read(&talk, opening, descriptor)));
        let mut talk = lock(&talk);
        let last = read.unwrap_or_else(|error| {
            if error == Error::Cancelled {
                talk.discard();
            }
            Frame::Failed(failed(error))
        });
        talk.say(&last);
    }
}

/// Ends this process when its parent is gone, whatever it is doing.
fn watch_parent(socket: &OwnedFd, parent: u32) {
    let is_there =
        || getppid().is_some_and(|pid| pid.as_raw_nonzero().get().cast_unsigned() == parent);
    while is_there() {
        let mut watched = [PollFd::new(socket, PollFlags::empty())];
        if poll(&mut watched, Some(&LOOK)).is_ok()
            && watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
        {
            break;
        }
    }
    exit_now(0)
}

/// Gives up what an archive needs no process for: other processes, files of its own, dumps.
fn give_up_rights() -> std::result::Result<(), Errno> {
    let most = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::Core, most(0))?;
    setrlimit(Resource::Fsize, most(0))?;
    setrlimit(Resource::Nproc, most(0))?;
    let has = getrlimit(Resource::Nofile).maximum.unwrap_or(DESCRIPTORS);
    setrlimit(Resource::Nofile, most(DESCRIPTORS.min(has)))
}

/// How much more address space this process has than it began with: what archives before have left behind.
fn grown(base: Option<u64>) -> u64 {
    let now = || Some(address_space()?.saturating_sub(base?));
    now().unwrap_or(0)
}

/// From now on this process may take so much memory besides what it began with, `base`.
fn limit_memory(base: Option<u64>, limit: Option<u64>) -> Result<()> {
    let before = getrlimit(Resource::As);
    let current = base.and_then(|base| Some(base.saturating_add(limit?)));
    let current = match (current, before.maximum) {
        (Some(wanted), Some(most)) => Some(wanted.min(most)),
        (wanted, most) => wanted.or(most),
    };
    let limits = Rlimit { current, maximum: before.maximum };
    setrlimit(Resource::As, limits).map_err(|errno| Error::Internal(errno.to_string()))
}

/// How much address space this process has, where the system says so.
fn address_space() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = pages.split(' ').next()?.parse().ok()?;
    Some(pages.saturating_mul(rustix::param::page_size() as u64))
}

/// Reads an archive, and says what is in it; gives back what is left to say.
fn read(
    talk: &Arc<Mutex<Talk>>,
    opening: Opening,
    descriptor: Option<OwnedFd>,
) -> Result<Frame<'static>> {
    let Opening { name, access, size, is_promised, ignore_zeros, password, limits } = opening;
    let password = password.map(|it| Password::new(&it, "password")).transpose()?;
    let manner = Manner { ignore_zeros, password: password.as_ref() };
    let (name, call) = (Name::new(&name), Call::new(None));
    let is_given_up = || lock(talk).is_given_up();
    let context = Context::with_interrupt_each(&call, PULSE, &is_given_up);
    let (talk_to, stored) = (Arc::clone(talk), size.unwrap_or(0));
    let bytes = match (access, descriptor) {
        (Access::Descriptor, Some(file)) => Bytes::Anywhere(Box::new(Asked {
            talk: talk_to,
            size: stored,
            is_promised,
            file: Some(file),
        })),
        (Access::InOrder(why), _) => {
            // As long as the worker lives: it is short, and there are two such reasons.
            let why: &'static str =
                Box::leak(String::from_utf8_lossy(&why).into_owned().into_boxed_str());
            Bytes::Stream(Box::new(InOrder::new(talk_to, size)), why)
        }
        _ => Bytes::Anywhere(Box::new(Asked {
            talk: talk_to,
            size: stored,
            is_promised,
            file: None,
        })),
    };
    let meter = Meter::new(name.clone(), limits);
    let mut entries = open_here(bytes, &name, &meter, manner, &context)?;
    lock(talk).show(&Frame::Opened)?;
    while let Some(entry) = entries.next()? {
        let (is_exact, counts_all) = (entries.spells_exactly(), entries.counts_all());
        lock(talk).show(&Frame::Entry { entry, is_exact, counts_all })?;
        loop {
            let step = entries.step()?;
            let counted = Counted { undone: entries.undone(), compressed: entries.compressed() };
            let mut talk = lock(talk);
            match step {
                Step::Bytes => {
                    let is_stored = entries.is_stored();
                    for bytes in entries.bytes().chunks(frame::PIECE) {
                        talk.show(&Frame::Bytes { bytes, is_stored, counted })?;
                    }
                }
                Step::Zeros(length) => talk.show(&Frame::Zeros { length, counted })?,
                Step::End => {
                    talk.show(&Frame::End(counted))?;
                    break;
                }
            }
        }
    }
    let mut account = entries.account();
    let open = account.open.take().map(|why| why.as_bytes().to_vec());
    Ok(Frame::Done { open, account })
}

fn failed(error: Error) -> Failed {
    let number = |errno: Option<i32>| errno.and_then(|errno| u64::try_from(errno).ok());
    match error {
        Error::Archive { cause, errno, .. } => Failed::Archive(cause.into_bytes(), number(errno)),
        Error::ArchiveBomb { cause, .. } => Failed::Bomb(cause.into_bytes()),
        Error::Read { cause, errno, .. } => Failed::Read(cause.into_bytes(), number(errno)),
        Error::Internal(report) => Failed::Internal(report.into_bytes()),
        other => Failed::Internal(other.to_string().into_bytes()),
    }
}
