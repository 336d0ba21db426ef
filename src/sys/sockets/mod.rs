//! The sockets that libcurl wants watched, and waiting for any of them.
//!
//! libcurl can wait by itself, but then it asks the system about every transfer, one call each, at
//! every turn of its loop. Here one call waits for all of them, and libcurl is told which are ready: the cost
//! of a turn grows with the sockets that are ready, not with those that are watched (where there is no epoll,
//! `poll.rs` looks at each).

#[cfg(target_os = "linux")]
mod epoll;
mod interest;
#[cfg(any(test, not(target_os = "linux")))]
mod poll;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use curl::multi::{Events, Multi, Socket, SocketEvents};

use super::lock::lock;
use super::wake::Waker;
#[cfg(target_os = "linux")]
use epoll::Poller;
use interest::Interest;
#[cfg(not(target_os = "linux"))]
use poll::Poller;

/// What a [`Multi`] waits for.
pub(crate) struct Sockets {
    wanted: Arc<Mutex<Wanted>>,
    waker: Arc<Waker>,
    /// Kept for its memory.
    ready: Vec<(Socket, Events)>,
}

/// What libcurl's callbacks have asked for.
struct Wanted {
    /// Watches the waker and every socket.
    poller: Poller,
    /// When libcurl wants to be called, even if no socket is ready.
    timer: Option<Instant>,
    /// Why a socket could not be watched.
    failure: Option<io::Error>,
}

impl Sockets {
    /// The sockets of `multi`. `waker` ends a wait for them, too.
    ///
    /// # Errors
    /// When libcurl refuses its callbacks, or the system has no descriptor left.
    pub(crate) fn of(multi: &mut Multi, waker: Arc<Waker>) -> io::Result<Self> {
        let mut poller = Poller::new()?;
        poller.set(waker.descriptor(), Interest { input: true, output: false })?;
        let wanted = Arc::new(Mutex::new(Wanted { poller, timer: None, failure: None }));
        let shared = Arc::clone(&wanted);
        let watch = move |socket, events, _| lock(&shared).watch(socket, &events);
        multi.socket_function(watch).map_err(io::Error::other)?;
        let shared = Arc::clone(&wanted);
        let set_timer = move |delay: Option<Duration>| {
            lock(&shared).timer = delay.and_then(|delay| Instant::now().checked_add(delay));
            true
        };
        multi.timer_function(set_timer).map_err(io::Error::other)?;
        Ok(Self { wanted, waker, ready: Vec::new() })
    }

    /// Waits until a socket is ready, the waker is set off, libcurl's timer has run out or `patience` is over,
    /// and has `multi` do what is due.
    ///
    /// # Errors
    /// When the system cannot wait, or libcurl cannot go on.
    pub(crate) fn turn(&mut self, multi: &Multi, patience: Duration) -> io::Result<()> {
        let timer = lock(&self.wanted).timer;
        let until_timer = timer.map(|at| at.saturating_duration_since(Instant::now()));
        self.wait(until_timer.map_or(patience, |time| time.min(patience)))?;
        for (socket, events) in self.ready.drain(..) {
            multi.action(socket, &events).map_err(io::Error::other)?;
        }
        if timer.is_some_and(|at| at <= Instant::now()) {
            // libcurl sets it anew if it wants to be called again.
            lock(&self.wanted).timer = None;
            multi.timeout().map_err(io::Error::other)?;
        }
        lock(&self.wanted).failure.take().map_or(Ok(()), Err)
    }

    /// Fills `ready`.
    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        let Self { wanted, waker, ready } = self;
        let woken = waker.descriptor();
        lock(wanted).poller.wait(patience, |socket, watched, found| {
            if socket == woken {
                waker.clear();
                return;
            }
            // An error is one of reading or writing: libcurl finds out by itself which, and asks
            // anew where it was a kept connection that the server has closed meanwhile. Told that
            // there is an error, it gives up.
            let mut events = Events::new();
            events.input(found.input);
            events.output(found.output && watched.output);
            ready.push((socket, events));
        })
    }
}

impl Wanted {
    /// Watches a socket for what libcurl asks for.
    fn watch(&mut self, socket: Socket, wanted: &SocketEvents) {
        // A socket of which libcurl wants nothing is not watched: the system would report its end again and
        // again.
        let stays = !wanted.remove();
        let interest =
            Interest { input: stays && wanted.input(), output: stays && wanted.output() };
        if let Err(error) = self.poller.set(socket, interest) {
            self.failure = Some(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    const INPUT: Interest = Interest { input: true, output: false };
    const OUTPUT: Interest = Interest { input: false, output: true };
    const NOTHING: Interest = Interest { input: false, output: false };

    /// The same test for each call that waits.
    macro_rules! reports {
        ($name:ident, $poller:ty) => {
            #[test]
            fn $name() {
                let mut poller = <$poller>::new().expect("a poller");
                let pairs: [_; 3] = std::array::from_fn(|_| UnixStream::pair().expect("a pair"));
                let number = |place: usize| pairs[place].0.as_raw_fd();
                let ready = |poller: &mut $poller| {
                    let mut ready = Vec::new();
                    let note =
                        |descriptor, watched, found| ready.push((descriptor, watched, found));
                    poller.wait(Duration::ZERO, note).expect("waited");
                    ready.sort_by_key(|&(descriptor, ..)| descriptor);
                    ready
                };
                for place in 0..3 {
                    poller.set(number(place), INPUT).expect("watched");
                }
                assert_eq!(ready(&mut poller), []);
                (&pairs[1].1).write_all(b"x").expect("written");
                assert_eq!(ready(&mut poller), [(number(1), INPUT, INPUT)]);
                // It stays so until it has been read, or is not watched any more.
                assert_eq!(ready(&mut poller), [(number(1), INPUT, INPUT)]);
                poller.set(number(1), NOTHING).expect("removed");
                poller.set(number(2), OUTPUT).expect("changed");
                assert_eq!(ready(&mut poller), [(number(2), OUTPUT, OUTPUT)]);
                poller.set(number(2), NOTHING).expect("removed");
                poller.set(number(2), NOTHING).expect("removing it again does nothing");
                // An end is reported as both.
                pairs[0].1.shutdown(std::net::Shutdown::Both).expect("shut down");
                let both = Interest { input: true, output: true };
                assert_eq!(ready(&mut poller), [(number(0), INPUT, both)]);
            }
        };
    }

    reports!(poll_reports_what_is_ready, poll::Poller);
    #[cfg(target_os = "linux")]
    reports!(epoll_reports_what_is_ready, epoll::Poller);

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_has_become_another_socket_is_watched_anew() {
        let mut poller = Poller::new().expect("a poller");
        let (one, _peer) = UnixStream::pair().expect("a pair");
        let (two, mut writer) = UnixStream::pair().expect("a pair");
        poller.set(one.as_raw_fd(), INPUT).expect("watched");
        // libcurl says so before it closes a socket. If it did not, the number might come again.
        let mut one = one.into();
        rustix::io::dup2(&two, &mut one).expect("replaced");
        poller.set(one.as_raw_fd(), INPUT).expect("watched");
        writer.write_all(b"x").expect("written");
        let mut ready = Vec::new();
        poller.wait(Duration::ZERO, |number, _, _| ready.push(number)).expect("waited");
        assert_eq!(ready, [one.as_raw_fd()]);
    }
}
