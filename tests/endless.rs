//! Contents without an end are stopped, and contents of holes alone cost nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use komparu::internals::PULSE;
use komparu::internals::content::{Chunk, Extent, ReadAt, Reader};
use komparu::internals::engine::{self, parallel};
use komparu::{Call, Context, Error, Options, Result};

/// A size that is never reached.
const VAST: u64 = 1 << 60;

/// A reader that always has more.
struct Endless<'t> {
    data: Option<Vec<u8>>,
    random: bool,
    /// How often it was read.
    asked: &'t AtomicU64,
}

impl<'t> Endless<'t> {
    fn new(data: bool, random: bool, asked: &'t AtomicU64) -> Self {
        let data = data.then(|| vec![0; 64 << 10]);
        Self { data, random, asked }
    }
}

impl Reader for Endless<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.data.as_ref().map_or(Chunk::Zeros(1 << 20), |data| Chunk::Bytes(data)))
    }
    fn consume(&mut self, _: u64) {}
    fn size(&self) -> Option<u64> {
        self.random.then_some(VAST)
    }
    fn as_random(&self) -> Option<&dyn ReadAt> {
        self.random.then_some(self)
    }
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl ReadAt for Endless<'_> {
    fn size(&self) -> u64 {
        VAST
    }
    fn extent(&self, offset: u64) -> Result<Extent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(match self.data {
            Some(_) => Extent::Data { end: VAST },
            // Holes of a megabyte each, without an end, too.
            None => Extent::Hole { end: VAST.min(offset + (1 << 20)) },
        })
    }
    fn read_at(&self, _: u64, buffer: &mut [u8]) -> Result<()> {
        buffer.fill(0);
        Ok(())
    }
}

/// Every pair of endless readers, compared until `context` ends it.
fn compare_endless(stop: impl Fn(&dyn Fn(&Context<'_>) -> Error, &AtomicU64)) {
    for (data_a, data_b, random, workers) in [
        (true, true, false, 1),
        (true, false, false, 1),
        (false, false, false, 1),
        (true, true, true, 1),
        (true, true, true, 3),
        (true, false, true, 3),
        (false, false, true, 3),
    ] {
        let asked = AtomicU64::new(0);
        let options = Options { max_workers: workers, ..Options::default() };
        let run = |context: &Context<'_>| {
            let mut a = Endless::new(data_a, random, &asked);
            let mut b = Endless::new(data_b, random, &asked);
            let first = engine::first_difference(&mut a, &mut b, 16, &options, context);
            let (mut a, mut b) =
                (Endless::new(data_a, random, &asked), Endless::new(data_b, random, &asked));
            let any = engine::compare(&mut a, &mut b, &options, context);
            assert_eq!(first.as_ref().err(), any.as_ref().err());
            any.expect_err("there is no end")
        };
        stop(&run, &asked);
    }
}

#[test]
fn a_cancel_from_another_thread_stops_an_endless_comparison() {
    compare_endless(|run, asked| {
        let call = Call::new(None);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while asked.load(Ordering::Relaxed) < 100 {
                    std::thread::yield_now();
                }
                call.cancel();
            });
            assert_eq!(run(&Context::new(&call)), Error::Cancelled);
        });
    });
}

#[test]
fn an_interrupt_stops_an_endless_comparison_in_all_threads() {
    compare_endless(|run, _| {
        let call = Call::new(None);
        let interrupt = || true;
        assert_eq!(run(&Context::with_interrupt(&call, &interrupt)), Error::Cancelled);
        assert!(call.is_cancelled());
    });
}

#[test]
fn a_deadline_stops_an_endless_comparison() {
    compare_endless(|run, _| {
        let limit = PULSE / 5;
        let call = Call::new(Some(limit));
        assert_eq!(run(&Context::new(&call)), Error::TimedOut(limit));
    });
}

#[test]
fn a_deadline_that_has_passed_allows_no_work_at_all() {
    compare_endless(|run, asked| {
        let call = Call::new(Some(Duration::from_nanos(1)));
        while Context::new(&call).checkpoint().is_ok() {}
        assert!(matches!(run(&Context::new(&call)), Error::TimedOut(_)));
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    });
}

/// One hole, as large as an `off_t` can be.
struct Hole(AtomicU64);

impl ReadAt for Hole {
    fn size(&self) -> u64 {
        i64::MAX as u64
    }
    fn extent(&self, _: u64) -> Result<Extent> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Extent::Hole { end: i64::MAX as u64 })
    }
    fn read_at(&self, _: u64, _: &mut [u8]) -> Result<()> {
        unreachable!("nothing of a hole need be read")
    }
}

#[test]
fn the_largest_possible_hole_is_looked_at_once_a_thread() {
    for workers in [1, 2, 8] {
        let (a, b) = (Hole(AtomicU64::new(0)), Hole(AtomicU64::new(0)));
        let options = Options { max_workers: workers, ..Options::default() };
        let call = Call::new(None);
        assert_eq!(parallel::compare(&a, &b, &options, &Context::new(&call)), Ok(None));
        // A thread may have taken a stretch before the hole was found; then each takes one of the last.
        let asked = a.0.into_inner();
        assert!(asked <= 64, "{asked} extents were asked for");
    }
}
