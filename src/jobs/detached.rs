//! Work that goes on while its caller does something else, and reports its end by itself.

use std::io;
use std::sync::{Arc, Mutex};

use super::queues::submit_blocking;
use super::runnable::Runnable;
use crate::run::context::{Call, Context};
use crate::sys::lock::lock;

/// What is done, given the context of the thread that does it; or, where there is no thread for it, why.
pub(crate) type DetachedBody = Box<dyn FnOnce(io::Result<&Context<'_>>) + Send>;

/// The work of a call.
struct Detached {
    call: Arc<Call>,
    body: Mutex<Option<DetachedBody>>,
}

/// Has a thread do `body` for `call`, however many others are busy.
pub(crate) fn detach(call: Arc<Call>, body: DetachedBody) {
    submit_blocking(Arc::new(Detached { call, body: Mutex::new(Some(body)) }));
}

impl Runnable for Detached {
    fn run(&self) {
        let body = lock(&self.body).take();
        if let Some(body) = body {
            body(Ok(&Context::new(&self.call)));
        }
    }

    fn refuse(&self, error: &io::Error) {
        let body = lock(&self.body).take();
        if let Some(body) = body {
            body(Err(error
                .raw_os_error()
                .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)));
        }
    }

    fn is_wanted(&self) -> bool {
        !self.call.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn work_is_done_by_another_thread_and_its_caller_goes_on() {
        let (done, wait) = channel();
        let (begin, may_begin) = channel();
        let call = Arc::new(Call::new(None));
        let body: DetachedBody = Box::new(move |context| {
            may_begin.recv().expect("the test sends");
            done.send((context.is_ok(), std::thread::current().id())).expect("the test listens");
        });
        detach(call, body);
        begin.send(()).expect("it listens");
        let (has_thread, thread) = wait.recv().expect("done");
        assert!(has_thread && thread != std::thread::current().id());
    }

    #[test]
    fn work_without_a_thread_is_told_why_and_cancelled_work_is_not_wanted() {
        let (told, wait) = channel();
        let call = Arc::new(Call::new(None));
        let body: DetachedBody = Box::new(move |context| {
            let error = context.err().and_then(|error| error.raw_os_error());
            told.send(error).expect("the test listens");
        });
        let detached = Detached { call: Arc::clone(&call), body: Mutex::new(Some(body)) };
        assert!(detached.is_wanted());
        detached.refuse(&io::Error::from_raw_os_error(libc::EAGAIN));
        detached.run();
        assert_eq!(wait.iter().collect::<Vec<_>>(), [Some(libc::EAGAIN)]);
        call.cancel();
        assert!(!detached.is_wanted());
    }
}
