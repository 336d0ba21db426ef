//! What one thread unpacks and another compares, sent in batches.
//!
//! Waking a thread takes some 10 µs and a small file is unpacked in less, so many entries travel at
//! once. Bytes in a shared buffer are sent without copying; others are copied into the batch,
//! which costs a tenth of decompressing them at most.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{
    self, Receiver, RecvTimeoutError, Sender, SyncSender, TrySendError, sync_channel,
};

use blake3::Hash;

use super::cursor::EntryStream;
use crate::archive::entries::{BesideEntries, Header};
use crate::archive::input::shared_buffer::SharedBuffer;
use crate::archive::stream::Piece;
use crate::content::{Chunk, Reader};
use crate::error::{Error, Name, Result};
use crate::run::context::{Context, PULSE};

/// Bytes in a batch, about. Two threads that fill and one that compares stay in their caches with it.
const BATCH: usize = 256 << 10;

/// Entries and pieces in a batch, at most.
const ITEMS: usize = 1024;

/// Batches that are sent before the receiver has taken the first of them. More of them shorten no wait.
const AHEAD: usize = 3;

/// A shared buffer cannot be filled until the receiver has dropped it; fewer bytes than this are copied instead.
const SHARED_FROM: usize = 4 << 10;

/// What is sent.
enum Item {
    Entry(Header),
    /// A name that is not compared, and why.
    Refused(Vec<u8>, &'static str),
    /// Content, in the batch's bytes.
    Copied(Range<usize>),
    Shared(SharedBuffer, Range<usize>),
    Zeros(u64),
    /// The end of the entry's content: how much there was, and its digest if it was not sent.
    Done(u64, Option<Hash>),
    /// The end of everything.
    End(Result<BesideEntries>),
}

#[derive(Default)]
struct Batch {
    items: VecDeque<Item>,
    bytes: Vec<u8>,
    /// Bytes that it stands for, copied or not.
    weight: usize,
}

/// The sending end.
pub(crate) struct EntrySender {
    sender: SyncSender<Batch>,
    /// Batches that have been emptied, so that their memory is used again.
    spare: Receiver<Batch>,
    batch: Batch,
    wants_digests_only: Arc<AtomicBool>,
}

/// The receiving end. As a [`Reader`] it is the content of the entry at hand.
pub(crate) struct EntryReceiver<'c> {
    name: Name,
    context: &'c Context<'c>,
    receiver: Receiver<Batch>,
    spare: Sender<Batch>,
    batch: Batch,
    /// How much of the first item has been taken.
    taken: u64,
    besides: BesideEntries,
    wants_digests_only: Arc<AtomicBool>,
}

/// A channel from the thread that unpacks the archive `name` to the thread of `context`. `by_digest`: digests are
/// sent in place of content.
pub(crate) fn channel<'c>(
    name: &Name,
    by_digest: bool,
    context: &'c Context<'c>,
) -> (EntrySender, EntryReceiver<'c>) {
    let ((sender, receiver), (empty, spare)) = (sync_channel(AHEAD), mpsc::channel());
    let wants_digests_only = Arc::new(AtomicBool::new(by_digest));
    let sender = EntrySender {
        sender,
        spare,
        batch: Batch::default(),
        wants_digests_only: Arc::clone(&wants_digests_only),
    };
    let (name, batch, besides) = (name.clone(), Batch::default(), BesideEntries::default());
    let receiver = EntryReceiver {
        name,
        context,
        receiver,
        spare: empty,
        batch,
        taken: 0,
        besides,
        wants_digests_only,
    };
    (sender, receiver)
}

impl EntrySender {
    pub(crate) fn entry(&mut self, header: Header) -> Result<()> {
        self.push(Item::Entry(header), 0)
    }

    pub(crate) fn refused(&mut self, name: Vec<u8>, why: &'static str) -> Result<()> {
        self.push(Item::Refused(name, why), 0)
    }

    pub(crate) fn content(&mut self, piece: Piece<'_>) -> Result<()> {
        let bytes = match piece {
            Piece::Zeros(length) => return self.push(Item::Zeros(length), 0),
            Piece::Shared(buffer, range) if range.len() >= SHARED_FROM => {
                let weight = range.len();
                return self.push(Item::Shared(SharedBuffer::clone(buffer), range), weight);
            }
            Piece::Shared(buffer, range) => &buffer[range],
            Piece::Bytes(bytes) => bytes,
        };
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(bytes);
        self.push(Item::Copied(start..self.batch.bytes.len()), bytes.len())
    }

    /// Are digests wanted in place of content?
    pub(crate) fn wants_digests_only(&self) -> bool {
        self.wants_digests_only.load(Ordering::Relaxed)
    }

    pub(crate) fn done(&mut self, size: u64, digest: Option<Hash>) -> Result<()> {
        self.push(Item::Done(size, digest), 0)
    }

    /// Sends the outcome, which is the last thing sent.
    pub(crate) fn end(mut self, outcome: Result<BesideEntries>) {
        self.batch.items.push_back(Item::End(outcome));
        // An error means that the receiver is gone, and needs no outcome.
        let _ = self.flush();
    }

    fn push(&mut self, item: Item, weight: usize) -> Result<()> {
        self.batch.items.push_back(item);
        self.batch.weight += weight;
        if self.batch.weight >= BATCH {
            return self.flush();
        }
        match self.batch.items.len() {
            ..ITEMS => Ok(()),
            // The receiver would keep entries without content as well: they may pile up here instead, and
            // this thread does not wait.
            _ if self.batch.weight == 0 => self.try_flush(),
            _ => self.flush(),
        }
    }

    fn try_flush(&mut self) -> Result<()> {
        match self.sender.try_send(std::mem::take(&mut self.batch)) {
            Ok(()) => {
                self.batch = self.spare.try_recv().unwrap_or_default();
                Ok(())
            }
            Err(TrySendError::Full(batch)) => {
                self.batch = batch;
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => Err(Error::Cancelled),
        }
    }

    fn flush(&mut self) -> Result<()> {
        let next = self.spare.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.batch, next);
        self.sender.send(full).map_err(|_| Error::Cancelled)
    }
}

impl EntryStream for EntryReceiver<'_> {
    fn entry(&mut self) -> Result<Option<Header>> {
        loop {
            match self.take()? {
                Item::Entry(header) => return Ok(Some(header)),
                // What has no content comes in batches of any size.
                Item::Refused(name, why) => {
                    self.context.checkpoint()?;
                    self.besides.refused.push((name, why));
                }
                Item::End(outcome) => {
                    let refused = std::mem::take(&mut self.besides.refused);
                    self.besides = BesideEntries { refused, ..outcome? };
                    return Ok(None);
                }
                _ => unreachable!("an entry's content is finished before the next is asked for"),
            }
        }
    }

    fn finish(&mut self) -> Result<(u64, Option<Hash>)> {
        loop {
            match self.take()? {
                Item::Done(size, digest) => return Ok((size, digest)),
                Item::End(Err(error)) => return Err(error),
                _ => {}
            }
        }
    }

    fn is_ready(&mut self) -> bool {
        if self.batch.items.is_empty()
            && let Ok(next) = self.receiver.try_recv()
        {
            self.begin(next);
        }
        !self.batch.items.is_empty()
    }

    fn want_digests_only(&self) {
        self.wants_digests_only.store(true, Ordering::Relaxed);
    }

    fn besides(self) -> BesideEntries {
        self.besides
    }
}

impl EntryReceiver<'_> {
    fn take(&mut self) -> Result<Item> {
        self.fetch()?;
        self.taken = 0;
        Ok(self.batch.items.pop_front().expect("just fetched"))
    }

    /// Waits until there is an item.
    fn fetch(&mut self) -> Result<()> {
        while self.batch.items.is_empty() {
            // Content that is passed over may be long, and come without a wait.
            self.context.checkpoint()?;
            let next = match self.receiver.recv_timeout(PULSE / 2) {
                Ok(batch) => batch,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    self.context.checkpoint()?;
                    return Err(Error::read(&self.name, "the thread that unpacked it has ended"));
                }
            };
            self.begin(next);
        }
        Ok(())
    }

    /// Begins a batch, now that the one before is empty.
    fn begin(&mut self, next: Batch) {
        let mut empty = std::mem::replace(&mut self.batch, next);
        empty.bytes.clear();
        empty.weight = 0;
        // An error means that the sender has sent everything and is gone.
        let _ = self.spare.send(empty);
    }
}

impl Reader for EntryReceiver<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        self.fetch()?;
        let taken = usize::try_from(self.taken).unwrap_or(usize::MAX);
        match &self.batch.items[0] {
            Item::Copied(range) => Ok(Chunk::Bytes(&self.batch.bytes[range.clone()][taken..])),
            Item::Shared(buffer, range) => Ok(Chunk::Bytes(&buffer[range.clone()][taken..])),
            Item::Zeros(length) => Ok(Chunk::Zeros(length - self.taken)),
            Item::End(Err(error)) => Err(error.clone()),
            _ => Ok(Chunk::End),
        }
    }

    fn consume(&mut self, length: u64) {
        self.taken += length;
        let whole = match &self.batch.items[0] {
            Item::Copied(range) | Item::Shared(_, range) => range.len() as u64,
            Item::Zeros(length) => *length,
            _ => return,
        };
        if self.taken == whole {
            self.taken = 0;
            self.batch.items.pop_front();
        }
    }

    fn size(&self) -> Option<u64> {
        None
    }

    /// The thread that unpacks does that, for the whole archive.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    /// What a call says that ends with its checkpoint number 10, in the midst of what is `sent`.
    fn received(
        sent: impl FnOnce(&mut EntrySender) -> Result<()> + Send,
        receive: impl FnOnce(&mut EntryReceiver<'_>) -> Result<()>,
    ) -> Result<()> {
        let call = Call::until_checkpoint(10);
        let context = Context::new(&call);
        std::thread::scope(|scope| {
            let (mut sender, mut receiver) = channel(&"archive".into(), false, &context);
            scope.spawn(move || {
                let outcome = sent(&mut sender);
                sender.end(outcome.map(|()| BesideEntries::default()));
            });
            receive(&mut receiver)
        })
    }

    #[test]
    fn names_that_are_refused_are_checkpoints() {
        let send = |sender: &mut EntrySender| {
            (0..1000).try_for_each(|_| sender.refused(b"/a".to_vec(), "is absolute"))
        };
        let outcome = received(send, |receiver| receiver.entry().map(drop));
        assert_eq!(outcome, Err(Error::Cancelled));
    }

    #[test]
    fn content_that_is_passed_over_has_checkpoints() {
        let send = |sender: &mut EntrySender| {
            let bytes = vec![0; BATCH];
            (0..100).try_for_each(|_| sender.content(Piece::Bytes(&bytes)))?;
            sender.done(100 * BATCH as u64, None)
        };
        let outcome = received(send, |receiver| receiver.finish().map(drop));
        assert_eq!(outcome, Err(Error::Cancelled));
    }
}
