//! What the engine costs: `cargo bench`, or `cargo bench -- mapping` for one group.
//!
//! `lockstep`, `parallel` and `sample` run over memory, so that what they show is the engine and not
//! the files. `mapping` runs over files in the page cache, read and mapped, on one thread and on two:
//! that files are read, and the constant `BUFFER` of the stash, are chosen by it.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use komparu::internals::content::{Chunk, Extent, ReadAt, Reader};
use komparu::internals::engine::{lockstep, parallel, sample};
use komparu::{Call, Context, Options, Result};

/// Content in memory.
struct Memory {
    content: Vec<u8>,
    position: usize,
}

impl Memory {
    fn new(length: usize) -> Self {
        let content = (1..=251).cycle().take(length).collect();
        Self { content, position: 0 }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("content in memory")
}

impl Reader for Memory {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        Ok(match &self.content[self.position..] {
            [] => Chunk::End,
            bytes => Chunk::Bytes(bytes),
        })
    }
    fn consume(&mut self, length: u64) {
        self.position += index(length);
    }
    fn size(&self) -> Option<u64> {
        Some(self.content.len() as u64)
    }
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl ReadAt for Memory {
    fn size(&self) -> u64 {
        self.content.len() as u64
    }
    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: ReadAt::size(self) })
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        buffer.copy_from_slice(&self.content[index(offset)..][..buffer.len()]);
        Ok(())
    }
}

fn over_memory(criterion: &mut Criterion) {
    let call = Call::new(None);
    let context = Context::new(&call);
    let mut group = criterion.benchmark_group("lockstep");
    for size in [100, 64 << 10, 16 << 20] {
        let (mut a, mut b) = (Memory::new(size), Memory::new(size));
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| {
                (a.position, b.position) = (0, 0);
                lockstep::compare(&mut a, &mut b, 64 << 10, &context)
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("parallel");
    group.sample_size(20);
    // Far more than any cache holds: the bandwidth of memory is the limit of every comparison.
    let size = 256 << 20;
    let (a, b) = (Memory::new(size), Memory::new(size));
    group.throughput(Throughput::Bytes(size as u64));
    for max_workers in [1, 2] {
        let options = Options { max_workers, ..Options::default() };
        group.bench_function(BenchmarkId::new("threads", max_workers), |bencher| {
            bencher.iter(|| parallel::compare(&a, &b, &options, &context));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("sample");
    for length in [4 << 10, 64 << 10, 1 << 20] {
        group.bench_function(BenchmarkId::from_parameter(length), |bencher| {
            bencher.iter(|| sample::compare(&a, &b, length, &context));
        });
    }
    group.finish();
}

/// Compares the files by reading them into two buffers of `buffers.0.len()` bytes.
fn read(a: &File, b: &File, size: usize, buffers: &mut (Vec<u8>, Vec<u8>)) -> bool {
    let mut offset = 0;
    while offset < size {
        let length = buffers.0.len().min(size - offset);
        let (in_a, in_b) = (&mut buffers.0[..length], &mut buffers.1[..length]);
        a.read_exact_at(in_a, offset as u64).expect("readable");
        b.read_exact_at(in_b, offset as u64).expect("readable");
        if in_a != in_b {
            return false;
        }
        offset += length;
    }
    true
}

/// Compares the files by mapping `window` bytes of both at a time.
#[expect(unsafe_code, reason = "mapping is what is measured")]
fn map(a: &File, b: &File, size: usize, window: usize) -> bool {
    let mut offset = 0;
    while offset < size {
        let mut options = memmap2::MmapOptions::new();
        options.offset(offset as u64).len(window.min(size - offset)).populate();
        // SAFETY: these files are unnamed, so no other process has them open, and they do not change.
        let (a, b) = unsafe { (options.map(a), options.map(b)) };
        if a.expect("mapped")[..] != b.expect("mapped")[..] {
            return false;
        }
        offset += window;
    }
    true
}

fn files(size: usize) -> [File; 2] {
    let content = Memory::new(size).content;
    [(); 2].map(|()| {
        let file = tempfile::tempfile().expect("a file");
        file.write_all_at(&content, 0).expect("written");
        file
    })
}

/// Runs `work` in one thread, or in two of which each has files of its own, as in a tree of files.
fn bench_in_threads<S: Send>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    size: usize,
    new: impl Fn() -> S,
    work: impl Fn(&mut S) -> bool + Sync,
) {
    for threads in [1, 2] {
        let mut states: Vec<S> = (0..threads).map(|_| new()).collect();
        let id = BenchmarkId::new(format!("{name}/{threads}"), size);
        group.throughput(Throughput::Bytes((size * threads) as u64));
        group.bench_function(id, |bencher| {
            bencher.iter_custom(|count| {
                let begun = std::time::Instant::now();
                std::thread::scope(|scope| {
                    for state in &mut states {
                        scope.spawn(|| (0..count).all(|_| black_box(work(state))));
                    }
                });
                begun.elapsed()
            });
        });
    }
}

fn mapping(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mapping");
    group.sample_size(20).measurement_time(std::time::Duration::from_millis(700));
    group.warm_up_time(std::time::Duration::from_millis(150));
    for size in [64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20] {
        for buffer in [64 << 10, 128 << 10, 256 << 10] {
            let new = || (files(size), (vec![0; buffer], vec![0; buffer]));
            let name = format!("read {} KiB", buffer >> 10);
            bench_in_threads(&mut group, &name, size, new, |([a, b], buffers)| {
                read(a, b, size, buffers)
            });
        }
        for window in [1 << 20, 4 << 20, 8 << 20] {
            if window > size.max(1 << 20) {
                continue;
            }
            let name = format!("map {} MiB", window >> 20);
            bench_in_threads(
                &mut group,
                &name,
                size,
                || files(size),
                |[a, b]| map(a, b, size, window),
            );
        }
    }
    group.finish();
}

criterion_group!(benches, over_memory, mapping);
criterion_main!(benches);
