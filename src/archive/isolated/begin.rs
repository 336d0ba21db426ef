//! Has a worker begin with an archive.

use super::fallback::Failure;
use super::frame::{Access, Frame, Opening};
use super::idle;
use super::worker::{Silent, Worker};
use crate::archive::input::Bytes;
use crate::archive::password::Password;
use crate::error::{Name, Result};
use crate::options::Options;
use crate::run::context::Context;

/// A worker that has been told what to read: one that has waited, or a new one; or why there is none.
///
/// # Errors
/// When the context says stop.
pub(super) fn begin(
    bytes: &Bytes<'_>,
    name: &Name,
    password: Option<&Password>,
    options: &Options,
    context: &Context<'_>,
) -> Result<std::result::Result<Worker, Failure>> {
    let (access, size, is_promised, descriptor) = match bytes {
        Bytes::Anywhere(bytes) => {
            let descriptor = bytes.descriptor();
            let access = descriptor.map_or(Access::Anywhere, |_| Access::Descriptor);
            (access, Some(bytes.size()), bytes.is_promised(), descriptor)
        }
        Bytes::Stream(reader, why) => {
            (Access::InOrder(why.as_bytes().to_vec()), reader.size(), false, None)
        }
    };
    let (limits, ignore_zeros) = (options.limits.clone(), options.ignore_zeros);
    let (name, most) = (name.bytes().into_owned(), limits.max_archive_memory);
    let password = password.map(|password| password.text().to_bytes().to_vec());
    let open = Opening { name, access, size, is_promised, ignore_zeros, password, limits };
    let open = Frame::Open(open);
    let tell = |worker: &mut Worker, grown| {
        // What is left of archives before counts, so that the limit is the same for every worker.
        if grown > most.unwrap_or(u64::MAX) {
            return Err(Silent::Gone);
        }
        worker.send(&open, descriptor, context)
    };
    loop {
        // One that has waited may be gone by now.
        let waiting = idle::take();
        let is_new = waiting.is_none();
        let mut worker = match waiting.map_or_else(Worker::start, Ok) {
            Ok(worker) => worker,
            Err(error) => return Ok(Err(Failure::of(&error))),
        };
        let told = match worker.ready(context) {
            Err(Silent::Stopped(error)) => {
                // It has been told nothing: whatever is read next finds it there.
                idle::keep(worker);
                return Err(error);
            }
            ready => ready.and_then(|grown| tell(&mut worker, grown)),
        };
        if told.is_ok() {
            return Ok(Ok(worker));
        }
        let status = worker.end();
        match told {
            Err(Silent::Stopped(error)) => return Err(error),
            _ if is_new => return Ok(Err(Failure::ended(status))),
            _ => {}
        }
    }
}
