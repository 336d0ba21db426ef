//! The sink whose findings are read while the comparison goes on.
//!
//! Findings pass through a bounded channel: a consumer that is slow makes the threads of the call wait, which takes
//! no processor time. A consumer that has gone makes them stop. All findings are also kept, in little memory (see
//! [`FindingLog`]), so that the whole result can be had at the end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};

use super::context::Context;
use super::log::FindingLog;
use super::sink::Sink;
use crate::error::{Error, Result};
use crate::outcome::Finding;
use crate::sys::lock::{ignore_poison, lock};

/// Findings that wait for the consumer: what a thread finds in about a millisecond. A consumer that leaves throws
/// them away, so more would be more work in vain.
const WAITING: usize = 1024;

/// What was found at a path.
pub(crate) type Found = (Vec<u8>, Finding);

/// What is called, once, when there is something for a consumer that waits.
pub(crate) type Wake = Box<dyn FnOnce() + Send>;

/// What the consumer and the threads of a call share. `E` is what the call comes to in the end.
pub(crate) struct Streamed<E> {
    log: Mutex<FindingLog>,
    /// Those that only one tree has.
    directories: Mutex<Vec<Vec<u8>>>,
    /// Are findings kept for the result only? Then no thread waits for the consumer.
    is_collected: AtomicBool,
    end: Mutex<Option<E>>,
    ended: Condvar,
    is_awaited: AtomicBool,
    wake: Mutex<Option<Wake>>,
}

impl<E: Clone> Streamed<E> {
    /// A stream that nothing has been found for. The receiver's channel ends when the sink is dropped.
    pub(crate) fn new(wants_equal: bool) -> (Arc<Self>, StreamSink<E>, Receiver<Found>) {
        let (sender, receiver) = crossbeam_channel::bounded(WAITING);
        let streamed = Arc::new(Self {
            log: Mutex::default(),
            directories: Mutex::default(),
            is_collected: AtomicBool::new(false),
            end: Mutex::new(None),
            ended: Condvar::new(),
            is_awaited: AtomicBool::new(false),
            wake: Mutex::new(None),
        });
        let sink = StreamSink { wants_equal, sender, streamed: Arc::clone(&streamed) };
        (streamed, sink, receiver)
    }

    /// From now on findings are only kept. To be called before the receiver is dropped.
    pub(crate) fn collect(&self) {
        self.is_collected.store(true, Ordering::SeqCst);
    }

    /// All that was found by now.
    pub(crate) fn findings(&self) -> Vec<Found> {
        lock(&self.log).findings()
    }

    /// The directories that only one tree has, as far as they are known by now.
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module needs it")
    )]
    pub(crate) fn directories(&self) -> Vec<Vec<u8>> {
        lock(&self.directories).clone()
    }

    /// Says what the call has come to. Only the first time counts.
    pub(crate) fn finish(&self, end: E) {
        lock(&self.end).get_or_insert(end);
        self.ended.notify_all();
        self.wake();
    }

    /// What the call has come to, if it has come to its end.
    pub(crate) fn end(&self) -> Option<E> {
        lock(&self.end).clone()
    }

    /// Waits for the end of the call, for so long at most.
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module needs it")
    )]
    pub(crate) fn wait(&self, patience: Duration) -> Option<E> {
        let until = Instant::now() + patience;
        let mut end = lock(&self.end);
        while end.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            end = ignore_poison(self.ended.wait_timeout(end, left)).0;
        }
        end.clone()
    }

    /// Has `wake` called when something is found, or when the call ends. False, and never, if there is something
    /// in `receiver` already or the call has ended.
    pub(crate) fn wake_when_found(&self, receiver: Option<&Receiver<Found>>, wake: Wake) -> bool {
        *lock(&self.wake) = Some(wake);
        self.is_awaited.store(true, Ordering::SeqCst);
        let has_some = receiver.is_some_and(|receiver| !receiver.is_empty());
        if !has_some && lock(&self.end).is_none() {
            return true;
        }
        // If it has been called meanwhile, the consumer is woken for nothing.
        lock(&self.wake).take().is_none()
    }

    fn wake(&self) {
        if self.is_awaited.swap(false, Ordering::SeqCst) {
            let wake = lock(&self.wake).take();
            if let Some(wake) = wake {
                wake();
            }
        }
    }
}

/// The sink of a call whose findings are streamed.
pub(crate) struct StreamSink<E> {
    wants_equal: bool,
    sender: Sender<Found>,
    streamed: Arc<Streamed<E>>,
}

impl<E: Clone + Send> Sink for StreamSink<E> {
    fn wants_equal(&self) -> bool {
        self.wants_equal
    }

    fn take(&self, path: Vec<u8>, finding: Finding, context: &Context<'_>) -> Result<()> {
        lock(&self.streamed.log).push(&path, &finding);
        if self.streamed.is_collected.load(Ordering::SeqCst) {
            return Ok(());
        }
        let sent = match context.call().time_left() {
            None => self.sender.send((path, finding)).is_ok(),
            Some(left) => match self.sender.send_timeout((path, finding), left) {
                Ok(()) => true,
                Err(SendTimeoutError::Disconnected(_)) => false,
                Err(SendTimeoutError::Timeout(_)) => {
                    context.checkpoint()?;
                    return Err(Error::Cancelled);
                }
            },
        };
        if sent {
            self.streamed.wake();
            return Ok(());
        }
        // The consumer has gone. It may want the result all the same.
        if self.streamed.is_collected.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(Error::Cancelled)
    }

    fn keep(&self, path: Vec<u8>, finding: Finding) {
        lock(&self.streamed.log).push(&path, &finding);
    }

    fn take_directory(&self, path: Vec<u8>) {
        lock(&self.streamed.directories).push(path);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::run::context::Call;

    fn stream() -> (Arc<Streamed<u8>>, StreamSink<u8>, Receiver<Found>) {
        Streamed::new(false)
    }

    fn take(sink: &StreamSink<u8>, call: &Call) -> Result<()> {
        sink.take(b"x".to_vec(), Finding::OnlyLeft, &Context::new(call))
    }

    #[test]
    fn a_full_channel_makes_its_sink_wait_until_the_consumer_takes_or_leaves() {
        let call = Call::new(None);
        for leaves in [false, true] {
            let (_, sink, receiver) = stream();
            for _ in 0..WAITING {
                assert_eq!(take(&sink, &call), Ok(()));
            }
            std::thread::scope(|scope| {
                let waits = scope.spawn(|| take(&sink, &call));
                if leaves {
                    drop(receiver);
                    assert_eq!(waits.join().expect("no panic"), Err(Error::Cancelled));
                } else {
                    assert!(receiver.recv().is_ok());
                    assert_eq!(waits.join().expect("no panic"), Ok(()));
                }
            });
        }
    }

    #[test]
    fn what_is_only_collected_makes_no_thread_wait() {
        let (call, (streamed, sink, receiver)) = (Call::new(None), stream());
        streamed.collect();
        drop(receiver);
        for _ in 0..3 * WAITING {
            assert_eq!(take(&sink, &call), Ok(()));
        }
        assert_eq!(streamed.findings().len(), 3 * WAITING);
    }

    #[test]
    fn the_deadline_of_the_call_ends_the_wait_for_a_consumer() {
        let limit = Duration::from_millis(20);
        let (call, (_, sink, _receiver)) = (Call::new(Some(limit)), stream());
        let refused = (0..=WAITING).map(|_| take(&sink, &call)).find(Result::is_err);
        assert_eq!(refused, Some(Err(Error::TimedOut(limit))));
    }

    #[test]
    fn one_wake_up_serves_all_findings_that_have_come() {
        let (call, (streamed, sink, receiver)) = (Call::new(None), stream());
        let (woken, wakes) = channel();
        let wake = || {
            let woken = woken.clone();
            Box::new(move || woken.send(()).expect("the test listens")) as Wake
        };
        assert!(streamed.wake_when_found(Some(&receiver), wake()));
        for _ in 0..5 {
            assert_eq!(take(&sink, &call), Ok(()));
        }
        assert_eq!(wakes.try_iter().count(), 1);
        assert!(!streamed.wake_when_found(Some(&receiver), wake()), "there are some already");
        assert_eq!(receiver.try_iter().count(), 5);
        assert!(streamed.wake_when_found(Some(&receiver), wake()));
        streamed.finish(1);
        assert_eq!((wakes.try_iter().count(), streamed.end()), (1, Some(1)));
        assert!(!streamed.wake_when_found(Some(&receiver), wake()), "it has ended");
    }
}
