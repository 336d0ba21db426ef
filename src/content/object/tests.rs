//! Objects that a thread of the test answers for.

use std::sync::Arc;

use super::anywhere::ObjectAnywhere;
use super::asked::Object;
use super::reader::ObjectReader;
use super::requests::{Answer, Ask, Requests};
use crate::content::{Chunk, ReadAt as _, Reader as _};
use crate::error::{Error, Name};
use crate::run::context::Call;

const BYTES: &[u8] = b"some bytes of an object";

/// Answers as an object of these bytes does, until it is closed; says what it was asked.
fn serve(requests: &Requests, most: usize, is_prompt: bool) -> Vec<Ask> {
    let (mut asked, mut position) = (Vec::new(), 0);
    loop {
        let Some(request) = requests.next() else {
            std::thread::yield_now();
            continue;
        };
        asked.push(request.ask);
        let answer = match request.ask {
            Ask::Open { anywhere } => {
                let size = anywhere.then_some(BYTES.len() as u64);
                Answer::Opened { size, is_prompt }
            }
            Ask::Read => {
                let bytes = &BYTES[position..][..most.min(BYTES.len() - position)];
                position += bytes.len();
                Answer::Bytes(bytes.to_vec())
            }
            Ask::ReadAt { offset, length } => {
                let from = &BYTES[usize::try_from(offset).expect("small")..];
                Answer::Bytes(from[..length.min(most).min(from.len())].to_vec())
            }
            Ask::Close => return asked,
        };
        request.answer(Ok(answer));
    }
}

fn object(is_reopenable: bool) -> (Arc<Requests>, Arc<Object>) {
    let requests = Arc::new(Requests::default());
    let object = Object::new(Arc::clone(&requests), 0, is_reopenable);
    (requests, Arc::new(object))
}

fn prepared(object: &Arc<Object>, anywhere: bool) -> ObjectReader {
    let mut reader = ObjectReader::open(object, &"object".into(), anywhere).expect("open");
    while !reader.prepare().expect("it is answered") {}
    reader
}

#[test]
fn it_is_read_to_its_end_and_closed_and_only_one_that_never_waits_is_read_ahead() {
    for (is_prompt, reads) in [(false, 4..=4), (true, 4..=7)] {
        let (requests, object) = object(false);
        std::thread::scope(|scope| {
            let serving = scope.spawn(|| serve(&requests, 10, is_prompt));
            let (mut reader, mut read) = (prepared(&object, false), Vec::new());
            loop {
                let taken = match reader.chunk().expect("it is answered") {
                    Chunk::Bytes(bytes) => {
                        let part = &bytes[..bytes.len().min(7)];
                        read.extend_from_slice(part);
                        part.len() as u64
                    }
                    Chunk::Waiting => continue,
                    Chunk::Zeros(_) => panic!("an object has no holes"),
                    Chunk::End => break,
                };
                reader.consume(taken);
            }
            assert_eq!(read, BYTES);
            assert_eq!(reader.chunk(), Ok(Chunk::End), "it stays at its end");
            drop(reader);
            let asked = serving.join().expect("no panic");
            let count = asked.iter().filter(|ask| **ask == Ask::Read).count();
            assert!(reads.contains(&count), "{count}");
        });
    }
}

#[test]
fn it_is_read_anywhere_and_a_size_that_lies_is_an_error() {
    let (requests, object) = object(true);
    std::thread::scope(|scope| {
        scope.spawn(|| serve(&requests, 8, false));
        let (call, reader) = (Call::new(None), prepared(&object, true));
        let anywhere = ObjectAnywhere::of(reader, &call).ok().expect("it has a size");
        let mut part = [0; 5];
        anywhere.read_at(5, &mut part).expect("it is answered");
        assert_eq!((&part, anywhere.size()), (b"bytes", 23));
        let error = anywhere.read_at(5, &mut [0; 10]).expect_err("too short");
        let text = "object: ends after 13 bytes, and had 23 when it was opened";
        assert_eq!(error.to_string(), text);
    });
}

#[test]
fn what_can_be_read_only_once_is_opened_once() {
    let name: Name = "object".into();
    let (_requests, once) = object(false);
    let _reader = ObjectReader::open(&once, &name, false).expect("open");
    let error = ObjectReader::open(&once, &name, false).err().expect("it has been read");
    let text = "object: can be read only once, and would have to be read again";
    assert_eq!(error.to_string(), text);
    let (_requests, again) = object(true);
    let _readers: Vec<_> = [(); 2].map(|()| ObjectReader::open(&again, &name, false)).into();
}

#[test]
fn a_reader_that_has_gone_asks_nothing_but_to_be_closed() {
    let (requests, object) = object(false);
    drop(ObjectReader::open(&object, &"object".into(), false).expect("open"));
    let asked: Vec<_> = std::iter::from_fn(|| requests.next()).map(|request| request.ask).collect();
    assert_eq!(asked, [Ask::Close]);
}

#[test]
fn where_nothing_is_answered_any_more_readers_end() {
    let (requests, object) = object(true);
    let mut reader = ObjectReader::open(&object, &"object".into(), false).expect("open");
    assert_eq!(requests.close().len(), 1);
    assert_eq!(reader.prepare(), Err(Error::Cancelled));
    let error = ObjectReader::open(&object, &"object".into(), false).err();
    assert_eq!(error, Some(Error::Cancelled));
}

#[test]
fn the_thread_that_answers_is_woken_for_each_request() {
    let (requests, object) = object(false);
    let (woken, wakes) = std::sync::mpsc::channel();
    let reader = ObjectReader::open(&object, &"object".into(), false).expect("open");
    requests.wake_by(Box::new(move || woken.send(()).expect("the test listens")));
    assert_eq!(wakes.try_iter().count(), 1, "one waited already");
    drop(reader);
    assert_eq!(wakes.try_iter().count(), 1);
}
