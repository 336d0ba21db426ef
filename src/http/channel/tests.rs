//! What goes in at one end, and what comes out at the other.

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn ends() -> (Sender, Receiver) {
    channel(&"http://h/".into(), BLOCKS)
}

fn read(receiver: &mut Receiver) -> Option<Vec<u8>> {
    let resume = || unreachable!("was not paused");
    let bytes = match receiver.receive(Duration::ZERO, resume).expect("no error") {
        Received::Bytes => receiver.bytes().to_owned(),
        Received::Waiting | Received::End => return None,
    };
    receiver.consume(bytes.len());
    Some(bytes)
}

#[test]
fn bytes_come_out_as_they_went_in() {
    let (mut sender, mut receiver) = ends();
    let body: Vec<u8> = (0..=250).cycle().take(3 * BLOCK + 5).collect();
    for piece in body.chunks(10_007) {
        assert!(sender.send(piece));
    }
    sender.end(Ok(()));
    let mut out = Vec::new();
    while let Some(bytes) = read(&mut receiver) {
        out.extend(bytes);
    }
    assert!(out == body);
    assert!(matches!(receiver.receive(LONG, || ()), Ok(Received::End)));
}

#[test]
fn a_full_window_takes_nothing_until_half_of_it_has_been_read() {
    let (mut sender, mut receiver) = ends();
    let block = vec![1; BLOCK];
    for _ in 0..BLOCKS {
        assert!(sender.send(&block));
    }
    assert!(!sender.send(&[2]));
    for left in (0..BLOCKS).rev() {
        let mut resumed = false;
        let next = receiver.receive(LONG, || resumed = true);
        assert_eq!((next, receiver.bytes().len()), (Ok(Received::Bytes), BLOCK));
        assert_eq!(resumed, left == BLOCKS / 2);
        receiver.consume(BLOCK);
    }
    assert!(sender.send(&[2]));
    assert_eq!(read(&mut receiver), Some(vec![2]));
}

#[test]
fn an_error_comes_after_the_bytes_before_it() {
    let (mut sender, mut receiver) = ends();
    let error = Error::read(&sender.name, "broke off");
    assert!(sender.send(&[1, 2]));
    sender.end(Err(error.clone()));
    assert_eq!(read(&mut receiver), Some(vec![1, 2]));
    assert_eq!(receiver.receive(LONG, || ()).err(), Some(error.clone()));
    assert_eq!(receiver.head(LONG).err(), Some(error));
}

#[test]
fn a_response_whose_sender_is_dropped_ends_with_an_error() {
    let (sender, mut receiver) = ends();
    assert!(matches!(receiver.receive(Duration::ZERO, || ()), Ok(Received::Waiting)));
    drop(sender);
    assert!(receiver.receive(LONG, || ()).is_err());
    assert!(receiver.has_ended());
}

#[test]
fn bytes_that_come_wake_a_waiting_reader() {
    let (mut sender, mut receiver) = ends();
    let thread = std::thread::spawn(move || {
        while sender.shared.lock().reader.is_none() {
            std::thread::yield_now();
        }
        assert!(sender.send(&[7]));
        sender.end(Ok(()));
    });
    while read(&mut receiver).is_none() {
        assert!(receiver.receive(LONG, || ()).is_ok());
    }
    thread.join().expect("no panic");
}
