//! What a worker does: it reads archives, and says what is in them, until its parent is gone.

use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, IoSliceMut, retry_on_intr};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use rustix::process::{Resource, Rlimit, getppid, getrlimit, setrlimit};

use super::channel::Incoming;
use super::frame::{self, Access, Counted, Failed, Frame, Opening};
use crate::archive::input::Bytes;
use crate::archive::limits::Meter;
use crate::archive::open::open_here;
use crate::archive::stream::Step;
use crate::content::{Chunk, Extent, ReadAt, Reader};
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

/// What is sent at once: as much as the socket takes without waiting.
const BATCH: usize = 64 << 10;

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
    let talk = Arc::new(Mutex::new(Talk { socket, incoming: Incoming::new(), out: Vec::new() }));
    memory_comes_and_goes();
    let base = address_space();
    loop {
        let opened = {
            let mut talk = lock(&talk);
            talk.say(&Frame::Ready { grown: grown(base) });
            talk.flush();
            talk.opening()
        };
        let Some((opening, descriptor)) = opened else { exit_now(0) };
        let read = limit_memory(base, opening.limits.max_archive_memory)
            .and_then(|()| caught(|| read(&talk, opening, descriptor)));
        let mut talk = lock(&talk);
        if let Err(error) = read {
            talk.say(&Frame::Failed(failed(error)));
        }
        talk.flush();
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

/// The conversation with the parent.
struct Talk {
    socket: OwnedFd,
    incoming: Incoming,
    out: Vec<u8>,
}

impl Talk {
    /// Says it, though perhaps not at once.
    fn say(&mut self, frame: &Frame<'_>) {
        frame.write(&mut self.out);
        if self.out.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut rest = &self.out[..];
        while !rest.is_empty() {
            match send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::INTR) => {}
                Err(_) => exit_now(0),
            }
        }
        self.out.clear();
    }

    /// What is to be read next; `None`: nothing.
    fn opening(&mut self) -> Option<(Opening, Option<OwnedFd>)> {
        let (mut bytes, mut piece, mut descriptor) = (Vec::new(), vec![0; 4096], None);
        loop {
            if let Some(length) = frame::length(&bytes)?
                && bytes.len() >= length
            {
                return match frame::parse(&bytes)? {
                    Frame::Open(opening) => Some((opening, descriptor)),
                    _ => None,
                };
            }
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut more = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::CMSG_CLOEXEC;
            let received = retry_on_intr(|| {
                recvmsg(&self.socket, &mut [IoSliceMut::new(&mut piece)], &mut more, flags)
            });
            match received.ok()?.bytes {
                0 => return None,
                length => bytes.extend_from_slice(&piece[..length]),
            }
            for message in more.drain() {
                if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                    descriptor = descriptors.last().or(descriptor);
                }
            }
        }
    }

    /// Asks for bytes, and says what came.
    fn ask(&mut self, at: u64, length: usize) -> &[u8] {
        self.say(&Frame::Wants { at, length: length as u64 });
        self.flush();
        let range = loop {
            match self.incoming.whole() {
                Ok(Some(length)) => break self.incoming.take(length),
                Ok(None) => {}
                Err(_) => exit_now(3),
            }
            match self.incoming.receive(&self.socket, RecvFlags::empty()) {
                Ok(0) => exit_now(0),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => exit_now(3),
            }
        };
        match frame::parse(self.incoming.taken(range)) {
            Some(Frame::Data(bytes)) => bytes,
            _ => exit_now(3),
        }
    }
}

/// Reads an archive, and says what is in it.
fn read(talk: &Arc<Mutex<Talk>>, opening: Opening, descriptor: Option<OwnedFd>) -> Result<()> {
    let Opening { name, access, size, is_promised, ignore_zeros, limits } = opening;
    let (name, call) = (Name::new(&name), Call::new(None));
    let context = Context::new(&call);
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
            Bytes::Stream(
                Box::new(InOrder { talk: talk_to, size, piece: Vec::new(), taken: 0 }),
                why,
            )
        }
        _ => Bytes::Anywhere(Box::new(Asked {
            talk: talk_to,
            size: stored,
            is_promised,
            file: None,
        })),
    };
    let meter = Meter::new(name.clone(), limits);
    let mut entries = open_here(bytes, &name, &meter, ignore_zeros, &context)?;
    lock(talk).say(&Frame::Opened);
    while let Some(entry) = entries.next()? {
        let (is_exact, counts_all) = (entries.spells_exactly(), entries.counts_all());
        lock(talk).say(&Frame::Entry { entry, is_exact, counts_all });
        loop {
            let step = entries.step()?;
            let counted = Counted { undone: entries.undone(), compressed: entries.compressed() };
            let mut talk = lock(talk);
            match step {
                Step::Bytes => {
                    let is_stored = entries.is_stored();
                    for bytes in entries.bytes().chunks(frame::PIECE) {
                        talk.say(&Frame::Bytes { bytes, is_stored, counted });
                    }
                }
                Step::Zeros(length) => talk.say(&Frame::Zeros { length, counted }),
                Step::End => {
                    talk.say(&Frame::End(counted));
                    break;
                }
            }
        }
    }
    let mut account = entries.account();
    let open = account.open.take().map(|why| why.as_bytes().to_vec());
    lock(talk).say(&Frame::Done { open, account });
    Ok(())
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

/// The bytes of an archive at any place: from its file, or from the parent.
struct Asked {
    talk: Arc<Mutex<Talk>>,
    size: u64,
    is_promised: bool,
    file: Option<OwnedFd>,
}

impl Asked {
    fn read_file(&self, mut offset: u64, mut buffer: &mut [u8]) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Err(ErrorKind::Unsupported.into()) };
        while !buffer.is_empty() {
            match retry_on_intr(|| rustix::io::pread(file, &mut *buffer, offset))? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
            }
        }
        Ok(())
    }
}

impl ReadAt for Asked {
    fn size(&self) -> u64 {
        self.size
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.size })
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        if self.read_file(offset, buffer).is_ok() {
            return Ok(());
        }
        // The parent gives it, or knows better why it cannot be had.
        while !buffer.is_empty() {
            let mut talk = lock(&self.talk);
            let bytes = talk.ask(offset, buffer.len().min(frame::PIECE));
            let Some((now, later)) = buffer.split_at_mut_checked(bytes.len()) else { exit_now(3) };
            if now.is_empty() {
                return Err(Error::Internal("an archive has fewer bytes than it had".to_owned()));
            }
            now.copy_from_slice(bytes);
            offset += now.len() as u64;
            buffer = later;
        }
        Ok(())
    }

    fn is_promised(&self) -> bool {
        self.is_promised
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// The bytes of an archive in their order, from the parent.
struct InOrder {
    talk: Arc<Mutex<Talk>>,
    size: Option<u64>,
    piece: Vec<u8>,
    taken: usize,
}

impl Reader for InOrder {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.taken == self.piece.len() {
            let mut talk = lock(&self.talk);
            let bytes = talk.ask(0, frame::PIECE);
            self.piece.clear();
            self.piece.extend_from_slice(bytes);
            self.taken = 0;
        }
        Ok(match &self.piece[self.taken..] {
            [] => Chunk::End,
            bytes => Chunk::Bytes(bytes),
        })
    }

    fn consume(&mut self, length: u64) {
        self.taken += usize::try_from(length).unwrap_or(0);
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    /// The parent asks for that.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}
