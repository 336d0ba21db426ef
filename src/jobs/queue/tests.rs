//! Queues whose jobs begin and end when the test says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::state::FIRST_SWEEP;
use super::*;

/// A job that says when it begins, and waits until the test ends it.
struct Gated {
    begun: Sender<&'static str>,
    name: &'static str,
    ended: Mutex<Receiver<()>>,
    wanted: bool,
}

impl Runnable for Gated {
    fn run(&self) {
        self.begun.send(self.name).expect("the test listens");
        let _ = self.ended.lock().expect("no panic").recv();
    }

    fn refuse(&self, _: &io::Error) {}

    fn is_wanted(&self) -> bool {
        self.wanted
    }
}

struct Bench {
    queue: Arc<Queue>,
    limits: Limits,
    begun: (Sender<&'static str>, Receiver<&'static str>),
}

impl Bench {
    fn new(weight: usize, spare: usize) -> Self {
        let limits = Limits { weight, spare };
        Self { queue: Queue::new("test", || {}), limits, begun: channel() }
    }

    /// Adds a job; dropping what comes back ends it.
    fn add(&self, name: &'static str, weight: usize) -> Sender<()> {
        let (end, ended) = channel();
        let begun = self.begun.0.clone();
        let job = Gated { begun, name, ended: Mutex::new(ended), wanted: true };
        self.queue.add(Arc::new(job), weight, self.limits);
        end
    }

    fn next(&self) -> &'static str {
        self.begun.1.recv().expect("a job begins")
    }

    fn waiting(&self) -> usize {
        self.queue.lock().jobs.len()
    }
}

#[test]
fn jobs_begin_in_their_order_and_no_more_than_allowed() {
    let bench = Bench::new(2, 0);
    let one = bench.add("one", 1);
    assert_eq!(bench.next(), "one");
    let two = bench.add("two", 1);
    assert_eq!(bench.next(), "two");
    let (three, four) = (bench.add("three", 1), bench.add("four", 1));
    assert_eq!(bench.waiting(), 2);
    drop(one);
    assert_eq!(bench.next(), "three");
    assert_eq!(bench.waiting(), 1);
    drop(two);
    assert_eq!(bench.next(), "four");
    assert_eq!(bench.queue.lock().threads, 2);
    drop((three, four));
}

#[test]
fn weights_add_up_and_a_job_that_is_too_heavy_runs_alone() {
    let bench = Bench::new(4, 0);
    let light = bench.add("light", 3);
    assert_eq!(bench.next(), "light");
    let heavy = bench.add("heavy", 9);
    let later = bench.add("later", 1);
    assert_eq!(bench.waiting(), 2, "later waits for its turn, though it would fit");
    drop(light);
    assert_eq!(bench.next(), "heavy");
    assert_eq!(bench.waiting(), 1);
    drop(heavy);
    assert_eq!(bench.next(), "later");
    drop(later);
}

#[test]
fn weight_that_comes_free_at_once_is_taken_by_all_jobs_that_fit() {
    let bench = Bench::new(3, 0);
    let heavy = bench.add("heavy", 3);
    assert_eq!(bench.next(), "heavy");
    let others = ["a", "b", "c"].map(|name| bench.add(name, 1));
    drop(heavy);
    let mut begun = [bench.next(), bench.next(), bench.next()];
    begun.sort_unstable();
    assert_eq!(begun, ["a", "b", "c"]);
    drop(others);
}

#[test]
fn long_jobs_do_not_keep_short_ones_waiting() {
    let bench = Bench::new(1, 2);
    let long = ["first", "second"].map(|name| {
        let end = bench.add(name, 1);
        assert_eq!(bench.next(), name);
        end
    });
    for _ in 0..3 {
        let short = bench.add("short", 1);
        assert_eq!(bench.next(), "short");
        drop(short);
    }
    drop(long);
}

#[test]
fn spare_threads_keep_to_their_limit() {
    let bench = Bench::new(1, 1);
    let long = [bench.add("one", 1), bench.add("two", 1)];
    let begun = [bench.next(), bench.next()];
    assert!(begun == ["one", "two"] || begun == ["two", "one"]);
    let third = bench.add("three", 1);
    assert_eq!(bench.waiting(), 1);
    let state = bench.queue.lock();
    assert_eq!((state.threads, state.spare_running, state.spare), (1, 1, SpareThread::Absent));
    drop(state);
    drop(long);
    assert_eq!(bench.next(), "three");
    drop(third);
}

#[test]
fn a_spare_thread_that_was_not_needed_is_woken_again() {
    let bench = Bench::new(1, 1);
    let spare = || bench.queue.lock().spare;
    while spare() != SpareThread::Asleep {
        drop(["a", "b", "c"].map(|name| bench.add(name, 1)));
        let _ = [bench.next(), bench.next(), bench.next()];
        while spare() == SpareThread::Watching {
            std::thread::yield_now();
        }
    }
    let long = bench.add("long", 1);
    assert_eq!(bench.next(), "long");
    let short = bench.add("short", 1);
    assert_eq!(bench.next(), "short");
    drop((long, short));
}

#[test]
fn a_woken_thread_whose_job_does_not_fit_provides_a_spare_thread() {
    let bench = Bench::new(2, 1);
    drop([bench.add("a", 1), bench.add("b", 1)]);
    let _ = [bench.next(), bench.next()];
    while bench.queue.lock().idle < 2 {
        std::thread::yield_now();
    }
    let long = bench.add("long", 2);
    assert_eq!(bench.next(), "long");
    // The other thread is coming for a job that is taken by then. A job added now is left to that thread,
    // which finds no room for it.
    bench.queue.lock().coming = 1;
    let light = bench.add("light", 1);
    assert_eq!(bench.waiting(), 1);
    bench.queue.wake_idle.notify_one();
    assert_eq!(bench.next(), "light");
    drop((long, light));
}

#[test]
fn a_job_too_heavy_for_spare_threads_keeps_no_other_waiting() {
    let bench = Bench::new(2, 1);
    let long = bench.add("long", 1);
    assert_eq!(bench.next(), "long");
    let heavy = bench.add("heavy", 2);
    let light = bench.add("light", 1);
    assert_eq!(bench.next(), "light");
    assert_eq!(bench.waiting(), 1);
    drop((long, light));
    assert_eq!(bench.next(), "heavy");
    drop(heavy);
}

#[test]
fn a_lower_limit_holds_from_the_next_job_on() {
    let mut bench = Bench::new(2, 0);
    let pair = [bench.add("a", 1), bench.add("b", 1)];
    let _ = [bench.next(), bench.next()];
    bench.limits.weight = 1;
    let others = [bench.add("c", 1), bench.add("d", 1)];
    drop(pair);
    let first = bench.next();
    assert_eq!((first, bench.waiting()), ("c", 1));
    drop(others);
    assert_eq!(bench.next(), "d");
}

#[test]
fn abandoned_jobs_do_not_pile_up() {
    let bench = Bench::new(1, 0);
    let long = bench.add("long", 1);
    assert_eq!(bench.next(), "long");
    for _ in 0..10 * FIRST_SWEEP {
        let begun = bench.begun.0.clone();
        let job = Gated { begun, name: "", ended: Mutex::new(channel().1), wanted: false };
        bench.queue.add(Arc::new(job), 1, bench.limits);
        assert!(bench.waiting() <= FIRST_SWEEP);
    }
    drop(long);
}

#[test]
fn every_job_of_a_burst_runs() {
    struct Counting(Arc<AtomicUsize>, Sender<()>);
    impl Runnable for Counting {
        fn run(&self) {
            if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.1.send(()).expect("the test listens");
            }
        }

        fn refuse(&self, _: &io::Error) {}

        fn is_wanted(&self) -> bool {
            true
        }
    }
    for weight in [1, 2, 8] {
        let queue = Queue::new("test", || {});
        for burst in [1, 2, 3, 10, 1000, 1, 10_000] {
            let (done, wait) = channel();
            let left = Arc::new(AtomicUsize::new(burst));
            for number in 0..burst {
                let job = Counting(Arc::clone(&left), done.clone());
                let limits = Limits { weight, spare: 1 };
                queue.add(Arc::new(job), 1 + number % 3, limits);
            }
            wait.recv().expect("the last job is done");
        }
    }
}
