//! The sockets that libcurl wants watched, and waiting for any of them.
//!
//! libcurl can wait by itself, but then it asks the system about every transfer, one call each, at
//! every turn of its loop. Here one call asks about all of them, and libcurl is told which to look
//! at: a turn costs what has happened, not what is under way.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use curl::MultiError;
use curl::multi::{Events, Multi, Socket, SocketEvents};

use super::wake::Bell;

/// What a [`Multi`] waits for.
pub(crate) struct Sockets {
    wanted: Arc<Mutex<Wanted>>,
    bell: Arc<Bell>,
    /// Kept for its memory.
    ready: Vec<(Socket, Events)>,
}

/// What libcurl's callbacks have asked for.
struct Wanted {
    /// The bell, and every socket.
    polled: Vec<libc::pollfd>,
    /// When libcurl wants to be called whatever happens.
    alarm: Option<Instant>,
}

impl Sockets {
    /// Those of `multi`, which are waited for together with `bell`.
    ///
    /// # Errors
    /// When libcurl refuses to tell.
    pub(crate) fn of(multi: &mut Multi, bell: Arc<Bell>) -> Result<Self, MultiError> {
        let polled = vec![pollfd(bell.descriptor(), libc::POLLIN)];
        let wanted = Arc::new(Mutex::new(Wanted { polled, alarm: None }));
        let list = Arc::clone(&wanted);
        multi.socket_function(move |socket, events, _| lock(&list).watch(socket, &events))?;
        let list = Arc::clone(&wanted);
        multi.timer_function(move |delay| {
            lock(&list).alarm = delay.and_then(|delay| Instant::now().checked_add(delay));
            true
        })?;
        Ok(Self { wanted, bell, ready: Vec::new() })
    }

    /// Waits until a socket is ready, the bell is rung, libcurl's own time has come or `patience` is
    /// over, and has `multi` do what there is to do.
    ///
    /// # Errors
    /// When there can be no more waiting, or libcurl can do nothing any more.
    pub(crate) fn turn(&mut self, multi: &Multi, patience: Duration) -> io::Result<()> {
        let alarm = lock(&self.wanted).alarm;
        let until_alarm = alarm.map(|at| at.saturating_duration_since(Instant::now()));
        self.wait(until_alarm.map_or(patience, |time| time.min(patience)))?;
        for (socket, events) in self.ready.drain(..) {
            multi.action(socket, &events).map_err(io::Error::other)?;
        }
        if alarm.is_some_and(|at| at <= Instant::now()) {
            // libcurl sets it anew if it wants to be called again.
            lock(&self.wanted).alarm = None;
            multi.timeout().map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Fills `ready`.
    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        let mut wanted = lock(&self.wanted);
        let polled = &mut wanted.polled;
        // Rounded up: the rest of a millisecond would be spent spinning.
        let milliseconds = patience.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX);
        // SAFETY: the pointer and the length are those of one vector of initialised structures.
        // A descriptor that is closed already is reported as such, and harmless.
        let ready =
            unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
        if ready < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        if polled[0].revents != 0 {
            self.bell.clear();
        }
        for socket in polled[1..].iter().filter(|socket| socket.revents != 0) {
            let mut events = Events::new();
            // An error is one of reading or writing: libcurl finds out by itself which, and asks
            // anew where it was a kept connection that the server has closed meanwhile. Told that
            // there is an error, it gives up.
            let broken = libc::POLLERR | libc::POLLHUP;
            events.input(socket.revents & (libc::POLLIN | broken) != 0);
            events.output(
                socket.revents & (libc::POLLOUT | broken) != 0
                    && socket.events & libc::POLLOUT != 0,
            );
            events.error(socket.revents & libc::POLLNVAL != 0);
            self.ready.push((socket.fd, events));
        }
        Ok(())
    }
}

impl Wanted {
    /// Does what libcurl asks for.
    fn watch(&mut self, socket: Socket, wanted: &SocketEvents) {
        let place = self.polled[1..].iter().position(|polled| polled.fd == socket);
        let place = place.map(|place| place + 1);
        let mut events = 0;
        events |= if wanted.input() { libc::POLLIN } else { 0 };
        events |= if wanted.output() { libc::POLLOUT } else { 0 };
        // A socket that nothing is wanted of is not watched either: the system would go on telling
        // that it has been closed.
        let unwanted = wanted.remove() || events == 0;
        match place {
            Some(place) if unwanted => _ = self.polled.swap_remove(place),
            Some(place) => self.polled[place].events = events,
            None if unwanted => {}
            None => self.polled.push(pollfd(socket, events)),
        }
    }
}

fn pollfd(fd: Socket, events: libc::c_short) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

fn lock(wanted: &Mutex<Wanted>) -> MutexGuard<'_, Wanted> {
    wanted.lock().unwrap_or_else(PoisonError::into_inner)
}
