//! The sockets that libcurl wants watched, and waiting for any of them.
//!
//! libcurl can wait by itself, but then it asks the system about every transfer, one call each, at
//! every turn of its loop. Here one call waits for all of them, and libcurl is told which to look
//! at: a turn costs what has happened, not what is under way.

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(any(test, not(target_os = "linux")))]
mod poll;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use curl::multi::{Events, Multi, Socket, SocketEvents};

use super::wake::Bell;
#[cfg(target_os = "linux")]
use epoll::Watch;
#[cfg(not(target_os = "linux"))]
use poll::Watch;

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
    watch: Watch,
    /// When libcurl wants to be called whatever happens.
    alarm: Option<Instant>,
    /// Why a socket could not be watched.
    failure: Option<io::Error>,
}

/// What a socket is watched for, or is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interest {
    input: bool,
    output: bool,
}

impl Interest {
    fn is_none(self) -> bool {
        !self.input && !self.output
    }
}

impl Sockets {
    /// Those of `multi`, which are waited for together with `bell`.
    ///
    /// # Errors
    /// When libcurl refuses to tell, or there is no descriptor to be had.
    pub(crate) fn of(multi: &mut Multi, bell: Arc<Bell>) -> io::Result<Self> {
        let mut watch = Watch::new()?;
        watch.set(bell.descriptor(), Interest { input: true, output: false })?;
        let wanted = Arc::new(Mutex::new(Wanted { watch, alarm: None, failure: None }));
        let list = Arc::clone(&wanted);
        let watched = move |socket, events, _| lock(&list).watch(socket, &events);
        multi.socket_function(watched).map_err(io::Error::other)?;
        let list = Arc::clone(&wanted);
        let timed = move |delay: Option<Duration>| {
            lock(&list).alarm = delay.and_then(|delay| Instant::now().checked_add(delay));
            true
        };
        multi.timer_function(timed).map_err(io::Error::other)?;
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
        lock(&self.wanted).failure.take().map_or(Ok(()), Err)
    }

    /// Fills `ready`.
    fn wait(&mut self, patience: Duration) -> io::Result<()> {
        let Self { wanted, bell, ready } = self;
        let rung = bell.descriptor();
        lock(wanted).watch.wait(patience, |socket, awaited, found| {
            if socket == rung {
                bell.clear();
                return;
            }
            // An error is one of reading or writing: libcurl finds out by itself which, and asks
            // anew where it was a kept connection that the server has closed meanwhile. Told that
            // there is an error, it gives up.
            let mut events = Events::new();
            events.input(found.input);
            events.output(found.output && awaited.output);
            ready.push((socket, events));
        })
    }
}

impl Wanted {
    /// Does what libcurl asks for.
    fn watch(&mut self, socket: Socket, wanted: &SocketEvents) {
        // A socket that nothing is wanted of is not watched either: the system would go on telling
        // that it has been closed.
        let stays = !wanted.remove();
        let interest =
            Interest { input: stays && wanted.input(), output: stays && wanted.output() };
        if let Err(error) = self.watch.set(socket, interest) {
            self.failure = Some(error);
        }
    }
}

fn lock(wanted: &Mutex<Wanted>) -> MutexGuard<'_, Wanted> {
    wanted.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The same promises, whichever call waits.
    macro_rules! promises {
        ($name:ident, $watch:ty) => {
            #[test]
            fn $name() {
                let mut watch = <$watch>::new().expect("a watch");
                let pairs: [_; 3] = std::array::from_fn(|_| UnixStream::pair().expect("a pair"));
                let number = |place: usize| pairs[place].0.as_raw_fd();
                let ready = |watch: &mut $watch| {
                    let mut ready = Vec::new();
                    let note =
                        |descriptor, awaited, found| ready.push((descriptor, awaited, found));
                    watch.wait(Duration::ZERO, note).expect("waited");
                    ready.sort_by_key(|&(descriptor, ..)| descriptor);
                    ready
                };
                for place in 0..3 {
                    watch.set(number(place), INPUT).expect("watched");
                }
                assert_eq!(ready(&mut watch), []);
                (&pairs[1].1).write_all(b"x").expect("written");
                assert_eq!(ready(&mut watch), [(number(1), INPUT, INPUT)]);
                // It stays so until it has been read, or nothing is awaited any more.
                assert_eq!(ready(&mut watch), [(number(1), INPUT, INPUT)]);
                watch.set(number(1), NOTHING).expect("removed");
                watch.set(number(2), OUTPUT).expect("changed");
                assert_eq!(ready(&mut watch), [(number(2), OUTPUT, OUTPUT)]);
                watch.set(number(2), NOTHING).expect("removed");
                watch.set(number(2), NOTHING).expect("removing it again does nothing");
                // An end is told of by both.
                pairs[0].1.shutdown(std::net::Shutdown::Both).expect("shut down");
                let both = Interest { input: true, output: true };
                assert_eq!(ready(&mut watch), [(number(0), INPUT, both)]);
            }
        };
    }

    promises!(poll_tells_of_what_is_ready, poll::Watch);
    #[cfg(target_os = "linux")]
    promises!(epoll_tells_of_what_is_ready, epoll::Watch);

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_is_another_socket_by_now_is_watched_anew() {
        let mut watch = Watch::new().expect("a watch");
        let (one, _peer) = UnixStream::pair().expect("a pair");
        let (two, mut writer) = UnixStream::pair().expect("a pair");
        watch.set(one.as_raw_fd(), INPUT).expect("watched");
        // libcurl says so before it closes a socket. Should it not, the number may come again.
        let mut one = one.into();
        rustix::io::dup2(&two, &mut one).expect("replaced");
        watch.set(one.as_raw_fd(), INPUT).expect("watched");
        writer.write_all(b"x").expect("written");
        let mut ready = Vec::new();
        watch.wait(Duration::ZERO, |number, _, _| ready.push(number)).expect("waited");
        assert_eq!(ready, [one.as_raw_fd()]);
    }
}
