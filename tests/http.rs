//! URLs, from small servers that send what a test sets.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use komparu::{Call, Context, DiffReason, Error, Options, Source, compare};

/// Answers every connection by sending `response`, and then waits for the client to close it; the receiver
/// gets a message then.
fn serve(response: Vec<u8>) -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let (left, leaves) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (response, left) = (response.clone(), left.clone());
            thread::spawn(move || {
                answer(stream.expect("a client"), &response);
                let _ = left.send(());
            });
        }
    });
    (url, leaves)
}

fn answer(mut stream: TcpStream, response: &[u8]) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        request.push(byte[0]);
    }
    if stream.write_all(response).is_ok() {
        // Nothing more is sent: this returns when the client closes.
        let _ = stream.read(&mut byte);
    }
}

fn body(content: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", content.len());
    [head.as_bytes(), content].concat()
}

fn source(url: &str) -> Source {
    Source::parse(url.as_bytes(), "source").expect("a source")
}

fn outcome(a: &str, b: &str) -> komparu::Result<Option<DiffReason>> {
    let call = Call::new(None);
    let outcome = compare(&source(a), &source(b), &Options::default(), &Context::new(&call));
    outcome.map(|outcome| outcome.map(|unequal| unequal.reason))
}

#[test]
fn two_urls_with_the_same_content_are_the_same() {
    let content: Vec<u8> = (0..=255).cycle().take(5_000_000).collect();
    let (a, _) = serve(body(&content));
    let (b, _) = serve(body(&content));
    assert_eq!(outcome(&a, &b), Ok(None));
}

#[test]
fn two_urls_with_different_contents_differ_with_the_reason() {
    let (a, _) = serve(body(b"abc"));
    let (b, _) = serve(body(b"abd"));
    let (c, _) = serve(body(b"ab"));
    assert_eq!(outcome(&a, &b), Ok(Some(DiffReason::ContentMismatch)));
    assert_eq!(outcome(&a, &c), Ok(Some(DiffReason::SizeMismatch)));
}

#[test]
fn a_file_and_a_url_are_compared() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), b"abc").expect("written");
    let path = file.path().to_str().expect("UTF-8");
    let (same, _) = serve(body(b"abc"));
    let (other, _) = serve(body(b"abd"));
    assert_eq!(outcome(&same, path), Ok(None));
    assert_eq!(outcome(path, &other), Ok(Some(DiffReason::ContentMismatch)));
}

#[test]
fn a_status_is_part_of_the_error() {
    let (gone, _) = serve(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n".to_vec());
    let error = outcome(&gone, &gone).expect_err("nothing there");
    assert!(matches!(error, Error::NotFound { status: Some(410), .. }), "{error:?}");
    let (busy, _) = serve(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_vec());
    let error = outcome(&busy, &busy).expect_err("no content");
    assert!(matches!(error, Error::Read { status: Some(503), .. }), "{error:?}");
}

#[test]
fn a_cancelled_comparison_stops_and_closes_its_connections() {
    for response in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()] {
        let (a, a_leaves) = serve(response.clone());
        let (b, b_leaves) = serve(response);
        let call = Call::new(None);
        let stopped = thread::scope(|scope| {
            let (asked, asks) = channel();
            let work = scope.spawn(|| {
                // The interrupt is checked while the comparison waits.
                let interrupt = move || asked.send(()).is_err();
                let context = Context::with_interrupt(&call, &interrupt);
                let outcome = compare(&source(&a), &source(&b), &Options::default(), &context);
                (outcome, Instant::now())
            });
            asks.recv().expect("the comparison waits");
            let cancelled = Instant::now();
            call.cancel();
            let (outcome, ended) = work.join().expect("no panic");
            assert_eq!(outcome, Err(Error::Cancelled));
            ended.saturating_duration_since(cancelled)
        });
        // The promise is 100 ms; a machine that is busy may take a while to run the thread at all.
        assert!(stopped < Duration::from_secs(5), "took {stopped:?}");
        for leaves in [a_leaves, b_leaves] {
            leaves.recv_timeout(Duration::from_secs(60)).expect("the client leaves");
        }
    }
}
