//! What follows an archive within its gzip is read to its end, but no longer than anybody waits for it.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::archive::limits::Meter;
use crate::content::{Chunk, Reader};
use crate::error::{Error, Result};
use crate::options::ArchiveLimits;
use crate::run::context::{Call, Context, PULSE};
use crate::sys::libarchive::Filters;

/// A gzip whose members come again and again.
struct Endless<'t> {
    member: Vec<u8>,
    position: usize,
    /// How many members there were.
    members: &'t AtomicU64,
}

impl Reader for Endless<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        Ok(Chunk::Bytes(&self.member[self.position..]))
    }

    fn consume(&mut self, length: u64) {
        self.position += usize::try_from(length).expect("no more than a chunk");
        if self.position == self.member.len() {
            self.position = 0;
            self.members.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

/// No limit but this.
fn meter(max_decompressed_size: Option<u64>) -> Meter {
    let max_compression_ratio = None;
    let limits =
        ArchiveLimits { max_decompressed_size, max_compression_ratio, ..ArchiveLimits::default() };
    Meter::new("endless".into(), limits)
}

/// So many zeros, as a member.
fn zeros(length: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; length]).expect("into memory");
    encoder.finish().expect("into memory")
}

/// Drains what has no end, with much in each member and with nothing, until `context` ends it.
fn drain_endless(stop: impl Fn(&dyn Fn(&Context<'_>) -> Error, &AtomicU64)) {
    for member in [zeros(0), zeros(1 << 20)] {
        let members = AtomicU64::new(0);
        let drain = |context: &Context<'_>| {
            let (member, members) = (member.clone(), &members);
            let endless = Endless { member, position: 0, members };
            let bytes = Bytes::Stream(Box::new(endless), "this is a test");
            let input = open(bytes, &"endless".into(), &meter(None), Filters::Others, context);
            input.and_then(|mut input| input.finish()).expect_err("there is no end")
        };
        stop(&drain, &members);
    }
}

#[test]
fn a_cancel_from_another_thread_ends_the_draining() {
    drain_endless(|drain, members| {
        let (call, is_over) = (Call::new(None), AtomicBool::new(false));
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| {
                while members.load(Ordering::Relaxed) < 10 && !is_over.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                call.cancel();
            });
            let ended = drain(&Context::new(&call));
            is_over.store(true, Ordering::Relaxed);
            ended
        });
        assert_eq!(ended, Error::Cancelled);
    });
}

#[test]
fn an_interrupt_ends_the_draining() {
    drain_endless(|drain, _| {
        let call = Call::new(None);
        assert_eq!(drain(&Context::with_interrupt(&call, &|| true)), Error::Cancelled);
    });
}

#[test]
fn the_deadline_ends_the_draining() {
    drain_endless(|drain, _| {
        let call = Call::new(Some(PULSE));
        assert_eq!(drain(&Context::new(&call)), Error::TimedOut(PULSE));
    });
}

#[test]
fn a_limit_of_what_may_come_out_ends_the_draining() {
    let (members, call) = (AtomicU64::new(0), Call::new(None));
    let context = Context::new(&call);
    let member = zeros(1 << 20);
    let endless = Endless { member, position: 0, members: &members };
    let bytes = Bytes::Stream(Box::new(endless), "this is a test");
    let meter = meter(Some(16 << 20));
    let mut input =
        open(bytes, &"endless".into(), &meter, Filters::Others, &context).expect("gzip");
    assert!(matches!(input.finish(), Err(Error::ArchiveBomb { .. })));
}
