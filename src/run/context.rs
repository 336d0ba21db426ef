//! One call's life: how long it may take, and whether it has been cancelled.
//!
//! A [`Call`] is shared by all threads that work for one call of the public interface. Each thread has its
//! own [`Context`], and calls [`checkpoint`](Context::checkpoint) between any two chunks. Only the thread
//! that made the call has an interrupt to check (Python's signals, for example): a `Context` cannot be sent
//! to another thread, so the compiler makes sure that no other thread checks it.

use std::cell::Cell;
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::counters::{Counters, Progress};
use crate::error::{Error, Result};
use crate::outcome::Summary;

/// How often a thread checks its interrupt, waiting or working. Half of the 100 ms within which every call
/// promises to stop, so that the other half is left for stopping.
pub const PULSE: Duration = Duration::from_millis(50);

/// What all threads of one call share.
#[derive(Debug, Default)]
pub struct Call {
    timeout: Option<(Duration, Instant)>,
    cancelled: Arc<AtomicBool>,
    /// The same of the calls that this one is a part of.
    outer: Vec<Arc<AtomicBool>>,
    counters: Arc<Counters>,
    #[cfg(test)]
    count: Arc<Count>,
}

/// Counts the checkpoints in all threads of a call, and cancels the call at one of them: a test that counts
/// checkpoints does not depend on time.
#[cfg(test)]
#[derive(Debug, Default)]
struct Count {
    passed: AtomicUsize,
    /// The checkpoint that cancels the call; 0: none.
    last: usize,
}

impl Call {
    /// A call that starts now and may take `timeout`, by the wall clock; `None`: as long as it needs.
    #[must_use]
    pub fn new(timeout: Option<Duration>) -> Self {
        Self::since(Instant::now(), timeout)
    }

    /// A call that started at `begun`.
    #[must_use]
    pub fn since(begun: Instant, timeout: Option<Duration>) -> Self {
        let ending = |limit: Duration| Some((limit, begun.checked_add(limit)?));
        // Each field by itself: the default would make other counters first.
        Self {
            timeout: timeout.and_then(ending),
            cancelled: Arc::default(),
            outer: Vec::new(),
            counters: Arc::new(Counters::since(begun)),
            #[cfg(test)]
            count: Arc::default(),
        }
    }

    /// A call that is cancelled at its checkpoint number `last`, the first of which is 1.
    #[cfg(test)]
    pub(crate) fn until_checkpoint(last: usize) -> Self {
        let count = Arc::new(Count { last, ..Count::default() });
        Self { count, ..Self::default() }
    }

    /// How many checkpoints there have been.
    #[cfg(test)]
    pub(crate) fn checkpoints(&self) -> usize {
        self.count.passed.load(Ordering::Relaxed)
    }

    /// How long it may go on; `None`: as long as it needs.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.timeout.map(|(_, deadline)| deadline.saturating_duration_since(Instant::now()))
    }

    /// A part of this call that can be cancelled alone: it has the same deadline, and is cancelled with this
    /// call.
    #[must_use]
    pub fn part(&self) -> Self {
        let outer = self.outer.iter().chain([&self.cancelled]).cloned().collect();
        Self {
            timeout: self.timeout,
            cancelled: Arc::default(),
            outer,
            counters: Arc::clone(&self.counters),
            #[cfg(test)]
            count: Arc::clone(&self.count),
        }
    }

    /// A call of its own, which is cancelled with this one: it began at `begun`, and has its own timeout and its
    /// own counters.
    #[must_use]
    pub fn part_within(&self, begun: Instant, timeout: Option<Duration>) -> Self {
        let outer = self.outer.iter().chain([&self.cancelled]).cloned().collect();
        Self { outer, ..Self::since(begun, timeout) }
    }

    /// A part whose work does not count.
    #[must_use]
    pub(crate) fn uncounted_part(&self) -> Self {
        Self { counters: Arc::default(), ..self.part() }
    }

    /// The call is over, and everything was compared: there is no more than has been counted.
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module needs it")
    )]
    pub(crate) fn complete(&self) {
        self.counters.complete();
    }

    /// The call is over, and its summary does not change any more: the clock stops.
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module needs it")
    )]
    pub(crate) fn stop_clock(&self) {
        self.counters.stop_clock();
    }

    /// For what is done with the findings once this call is over: it has the same counters, and no limits.
    #[must_use]
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module needs it")
    )]
    pub(crate) fn afterwards(&self) -> Self {
        Self { counters: Arc::clone(&self.counters), ..Self::default() }
    }

    /// How much has been compared, and what came of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.counters.summary()
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.counters.progress()
    }

    /// Has the path of the entry that was begun last shown in its progress.
    pub fn note_paths(&self) {
        self.counters.want_path();
    }

    /// Makes every thread of this call stop at its next checkpoint.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Has [`cancel`](Self::cancel) been called, for this call or for one that it is a part of?
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
            || self.outer.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    /// Cancels this call and those that it is a part of.
    fn cancel_all(&self) {
        self.cancel();
        for flag in &self.outer {
            flag.store(true, Ordering::Relaxed);
        }
    }
}

/// One thread's access to its call.
pub struct Context<'c> {
    call: &'c Call,
    interrupt: Option<Interrupt<'c>>,
}

/// What is called now and then.
#[derive(Clone)]
struct Interrupt<'c> {
    is_raised: &'c dyn Fn() -> bool,
    pulse: Duration,
    next_pulse: Cell<Instant>,
}

impl<'c> Context<'c> {
    /// For a thread that only works for the call.
    #[must_use]
    pub fn new(call: &'c Call) -> Self {
        Self { call, interrupt: None }
    }

    /// For the calling thread. `is_raised` is called every [`PULSE`]; when it returns true, the call is
    /// cancelled.
    #[must_use]
    pub fn with_interrupt(call: &'c Call, is_raised: &'c dyn Fn() -> bool) -> Self {
        Self::with_interrupt_each(call, PULSE, is_raised)
    }

    /// The same, called every `pulse`.
    #[must_use]
    pub(crate) fn with_interrupt_each(
        call: &'c Call,
        pulse: Duration,
        is_raised: &'c dyn Fn() -> bool,
    ) -> Self {
        // The call's beginning, since reading the clock once more would take longer than a checkpoint.
        let next_pulse = Cell::new(call.counters.begun() + pulse);
        Self { call, interrupt: Some(Interrupt { is_raised, pulse, next_pulse }) }
    }

    /// The call, for handing to other threads.
    #[must_use]
    pub fn call(&self) -> &'c Call {
        self.call
    }

    /// Where this thread counts what it does.
    pub(crate) fn counters(&self) -> &'c Counters {
        &self.call.counters
    }

    /// For the same thread and a [`part`](Call::part) of the call.
    #[must_use]
    pub fn within<'p>(&self, part: &'p Call) -> Context<'p>
    where
        'c: 'p,
    {
        Context { call: part, interrupt: self.interrupt.clone() }
    }

    /// May the work go on?
    ///
    /// # Errors
    /// [`Error::Cancelled`] after a cancel or an interrupt, [`Error::TimedOut`] past the deadline.
    pub fn checkpoint(&self) -> Result<()> {
        #[cfg(test)]
        if self.call.count.passed.fetch_add(1, Ordering::Relaxed) + 1 == self.call.count.last {
            self.call.cancel_all();
        }
        if self.call.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if self.call.timeout.is_none() && self.interrupt.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        if let Some((limit, deadline)) = self.call.timeout
            && now >= deadline
        {
            return Err(Error::TimedOut(limit));
        }
        if let Some(Interrupt { is_raised, pulse, next_pulse }) = &self.interrupt
            && now >= next_pulse.get()
        {
            next_pulse.set(now + *pulse);
            if is_raised() {
                self.call.cancel_all();
                return Err(Error::Cancelled);
            }
        }
        Ok(())
    }
}

/// Steps between two checkpoints of a loop whose steps take less than 100 ns each: a checkpoint costs as
/// much as a step, and 1024 steps take far less than a millisecond.
const STEPS: u32 = 1024;

/// Counts the steps of a loop that are too short for a checkpoint each.
pub(crate) struct Steps<'s, 'c> {
    context: &'s Context<'c>,
    until_checkpoint: u32,
}

impl<'s, 'c> Steps<'s, 'c> {
    /// No step yet. The first step is a checkpoint, so that many short loops have checkpoints, too.
    pub(crate) fn new(context: &'s Context<'c>) -> Self {
        Self { context, until_checkpoint: 0 }
    }

    /// Counts one step.
    ///
    /// # Errors
    /// When the context says stop, at a checkpoint.
    pub(crate) fn step(&mut self) -> Result<()> {
        match self.until_checkpoint.checked_sub(1) {
            Some(left) => {
                self.until_checkpoint = left;
                Ok(())
            }
            None => {
                self.until_checkpoint = STEPS - 1;
                self.context.checkpoint()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has the interrupt checked at the next checkpoint.
    fn pulse_now(context: &Context<'_>) {
        let interrupt = context.interrupt.as_ref().expect("an interrupt");
        interrupt.next_pulse.set(Instant::now());
    }

    #[test]
    fn a_loop_of_short_steps_has_a_checkpoint_every_1024_steps() {
        let call = Call::until_checkpoint(3);
        let context = Context::new(&call);
        let mut steps = Steps::new(&context);
        let passed = (0..10 * STEPS).take_while(|_| steps.step().is_ok()).count();
        assert_eq!((passed, call.checkpoints()), (2 * STEPS as usize, 3));
    }

    #[test]
    fn a_cancelled_call_stops_every_thread() {
        let call = Call::new(None);
        let (one, two) = (Context::new(&call), Context::new(&call));
        assert_eq!(one.checkpoint(), Ok(()));
        call.cancel();
        assert_eq!(one.checkpoint(), Err(Error::Cancelled));
        assert_eq!(two.checkpoint(), Err(Error::Cancelled));
    }

    #[test]
    fn cancelling_a_call_cancels_its_parts_and_not_the_other_way_round() {
        let call = Call::new(None);
        let (one, two) = (call.part(), call.part());
        let context = Context::new(&call);
        one.cancel();
        assert_eq!(context.within(&one).checkpoint(), Err(Error::Cancelled));
        assert_eq!(context.within(&two).checkpoint(), Ok(()));
        assert_eq!(context.checkpoint(), Ok(()));
        call.cancel();
        assert_eq!(context.within(&two).checkpoint(), Err(Error::Cancelled));
    }

    #[test]
    fn a_part_may_have_its_own_timeout() {
        let call = Call::new(Some(Duration::MAX));
        let part = call.part_within(Instant::now(), Some(Duration::from_nanos(1)));
        while part.timeout.is_some_and(|(_, deadline)| Instant::now() < deadline) {}
        assert!(matches!(Context::new(&part).checkpoint(), Err(Error::TimedOut(_))));
        assert_eq!(Context::new(&call).checkpoint(), Ok(()));
        call.cancel();
        assert_eq!(Context::new(&part).checkpoint(), Err(Error::Cancelled));
    }

    #[test]
    fn an_interrupt_in_a_part_cancels_the_whole_call() {
        let call = Call::new(None);
        let interrupt = || true;
        let context = Context::with_interrupt(&call, &interrupt);
        pulse_now(&context);
        assert_eq!(context.within(&call.part()).checkpoint(), Err(Error::Cancelled));
        assert!(call.is_cancelled());
    }

    #[test]
    fn a_call_past_its_deadline_fails_with_its_timeout() {
        let limit = Duration::from_nanos(1);
        let call = Call::new(Some(limit));
        while call.timeout.is_some_and(|(_, deadline)| Instant::now() < deadline) {}
        assert_eq!(Context::new(&call).checkpoint(), Err(Error::TimedOut(limit)));
    }

    #[test]
    fn a_timeout_past_the_end_of_the_clock_is_no_limit() {
        let call = Call::new(Some(Duration::MAX));
        assert_eq!(Context::new(&call).checkpoint(), Ok(()));
    }

    #[test]
    fn an_interrupt_is_checked_at_intervals_and_cancels_the_call() {
        let call = Call::new(None);
        let asked = Cell::new(0);
        let interrupt = || {
            asked.set(asked.get() + 1);
            true
        };
        let context = Context::with_interrupt(&call, &interrupt);
        assert_eq!(context.checkpoint(), Ok(()));
        assert_eq!(asked.get(), 0, "asked before the first pulse");
        pulse_now(&context);
        assert_eq!(context.checkpoint(), Err(Error::Cancelled));
        assert_eq!(asked.get(), 1);
        assert!(call.is_cancelled());
    }
}
