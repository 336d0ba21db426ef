//! What is asked of a store's library, and when.

use super::listed::ListedObject;
use super::requests::StoreRequests;
use crate::error::{Error, Name};

fn listed(number: usize) -> StoreRequests {
    let requests = StoreRequests::new(Name::new(b"s3://bucket/"));
    let object = |index: usize| ListedObject {
        key: index.to_string().into_bytes(),
        size: Some(1),
        etag: None,
    };
    assert!(requests.add((0..number).map(object)));
    requests.listed();
    requests
}

#[test]
fn an_etag_is_sent_as_a_header_has_it_if_it_is_strong() {
    let strong = |etag: &str| {
        ListedObject { key: Vec::new(), size: None, etag: Some(etag.to_owned()) }.strong_etag()
    };
    assert_eq!(strong("\"1\"").as_deref(), Some("\"1\""));
    assert_eq!(strong("0x8D").as_deref(), Some("\"0x8D\""));
    for none in ["", " ", "W/\"1\"", "\"1\"\r\nX: y"] {
        assert_eq!(strong(none), None);
    }
}

#[test]
fn what_is_wanted_is_signed_with_what_comes_behind_it() {
    let requests = listed(200);
    for index in [150, 100] {
        requests.want(index).expect("it may be wanted");
    }
    let batch = requests.next().expect("two are wanted");
    assert_eq!(batch[..2], [100, 150]);
    assert!(batch.iter().all(|index| (100..164).contains(index)) && batch.len() == 64, "{batch:?}");
    requests.sign(batch.iter().map(|&index| (index, format!("http://host/{index}").into_bytes())));
    for index in [100, 163] {
        let url = requests.url(index).expect("it is signed").expect("it is there");
        assert_eq!(url.text(), format!("http://host/{index}"));
        requests.want(index).expect("it is there");
    }
    requests.want(99).expect("it may be wanted");
    assert_eq!(requests.next(), Some(vec![99]), "what is signed is not signed again");
    assert_eq!(requests.url(99), Ok(None), "it is waited for");
    requests.close();
    assert_eq!(requests.next(), None);
    assert!(requests.is_closed() && !requests.add([]));
}

#[test]
fn a_failure_is_that_of_everything_that_is_waited_for() {
    let requests = listed(1);
    requests.want(0).expect("it may be wanted");
    let error = Error::read(&Name::new(b"s3://bucket/"), "no");
    requests.fail(error.clone());
    requests.fail(Error::Cancelled);
    assert_eq!(requests.url(0), Err(error.clone()));
    assert_eq!(requests.want(0), Err(error));
}

#[test]
fn what_is_no_url_is_a_failure() {
    let requests = listed(1);
    requests.sign([(0, b"no URL".to_vec())]);
    let text = requests.url(0).expect_err("it cannot be fetched").to_string();
    assert_eq!(text, "s3://bucket/: its library signed what is no valid URL");
}
