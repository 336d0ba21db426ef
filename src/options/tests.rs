//! What is refused, in which words; and what every row must have.

use std::time::Duration;

use super::check::MAX_HEADERS;
use super::*;

fn message(change: impl FnOnce(&mut Options)) -> String {
    let mut options = Options::default();
    change(&mut options);
    options.validate().expect_err("the value should be refused").to_string()
}

#[test]
fn the_defaults_are_valid() {
    assert_eq!(Options::default().validate(), Ok(()));
}

#[test]
fn every_limit_is_named() {
    assert_eq!(message(|o| o.chunk_size = 0), "chunk_size must be positive");
    assert_eq!(message(|o| o.chunk_size = (1 << 30) + 1), "chunk_size must be <= 1GB");
    assert_eq!(message(|o| o.max_workers = 257), "max_workers must be <= 256");
    assert_eq!(message(|o| o.http.timeout = Duration::ZERO), "timeout must be positive");
    assert_eq!(
        message(|o| o.comparison_timeout = Some(Duration::ZERO)),
        "comparison_timeout must be positive"
    );
    assert_eq!(
        message(|o| o.limits.max_decompressed_size = Some(0)),
        "max_decompressed_size must be positive or None"
    );
    assert_eq!(
        message(|o| o.limits.max_compression_ratio = Some(f64::NAN)),
        "max_compression_ratio must be positive or None"
    );
}

#[test]
fn a_header_cannot_smuggle_another() {
    let with = |name: &str, value: &str| {
        message(|o| o.http.headers = vec![(name.to_owned(), value.to_owned())])
    };
    assert_eq!(with("X", "a\r\nY: b"), "value of header \"X\" must not contain CR, LF or NUL");
    assert_eq!(with("X\nY", "a"), "header name must not contain CR, LF or NUL");
    assert_eq!(with("", "a"), "header name cannot be empty");
    assert_eq!(with("X: a", "b"), "header name \"X:***\" must not contain ':'");
    assert_eq!(with("Bearer a", "b"), "header name \"Bearer ***\" must not contain ' '");
    assert_eq!(with("é", "b"), "header name \"é\" must not contain 'é'");
}

#[test]
fn headers_have_a_largest_size() {
    let with = |headers: Vec<(String, String)>| message(|o| o.http.headers = headers);
    let header = |name: usize, value: usize| ("a".repeat(name), "b".repeat(value));
    assert_eq!(with(vec![header(257, 1)]), "header name must be at most 256 bytes long");
    let most = "headers must be at most 256 KiB together";
    assert_eq!(with(vec![header(256, MAX_HEADERS)]), most);
    assert_eq!(with(vec![header(256, 1 << 10); 300]), most);
    let mut options = Options::default();
    options.http.headers = vec![header(256, MAX_HEADERS - 256)];
    assert_eq!(options.validate(), Ok(()));
}

#[test]
fn a_proxy_needs_a_scheme_that_is_spoken() {
    for bad in ["proxy:8080", "ftp://proxy", "socks4://proxy"] {
        assert!(message(|o| o.http.proxy = Some(bad.to_owned())).starts_with("proxy must"));
    }
    for bad in [
        "http://",
        "http://me:se/cret@proxy:3128",
        "http://me:secret@proxy:x",
        "http://a b/",
        "socks5://p:99999",
    ] {
        let refused = message(|o| o.http.proxy = Some(bad.to_owned()));
        assert!(refused.starts_with("proxy is no valid URL: '"), "{refused}");
        assert!(!refused.contains("cret"), "{refused}");
    }
    let mut options = Options::default();
    options.http.proxy = Some("SOCKS5H://127.0.0.1:1080".to_owned());
    assert_eq!(options.validate(), Ok(()));
}

#[test]
fn every_row_fits_the_field_that_it_sets() {
    let options = Options::default();
    for row in TABLE {
        let (mut overrides, value) = (Overrides::default(), (row.value)(&options));
        assert_eq!((row.given)(&overrides), None, "{}", row.name);
        row.set(&mut overrides, value.clone()).expect("the default is allowed");
        assert_eq!((row.given)(&overrides), Some(value), "{}", row.name);
        let mut other = Options::default();
        other.apply(&overrides);
        assert_eq!(other, options, "{}", row.name);
    }
}

#[test]
fn every_row_has_its_own_name_and_a_sentence_in_both_languages() {
    for (index, row) in TABLE.iter().enumerate() {
        assert!(TABLE[..index].iter().all(|other| other.name != row.name), "{}", row.name);
        for sentence in [&row.sentence(), row.russian] {
            assert!(sentence.ends_with('.') && !sentence.contains("  "), "{sentence}");
        }
        let is_russian = |letter: char| ('а'..='я').contains(&letter);
        assert!(row.russian.contains(is_russian), "{}", row.name);
        assert!(!row.sentence().contains(is_russian), "{}", row.name);
        let (name, sentence) = (row.name, &row.russian);
        let quoted = |text: &str| text.split('`').skip(1).step_by(2).count();
        assert_eq!(quoted(&row.sentence()), quoted(sentence), "{name}");
    }
}

#[test]
fn what_is_set_goes_before_what_was_and_the_rest_stays() {
    let mut options = Options { chunk_size: 5, ..Options::default() };
    let overrides = Overrides {
        timeout: Some(Duration::from_secs(1)),
        max_archive_entries: Some(None),
        ..Overrides::default()
    };
    options.apply(&overrides);
    assert_eq!((options.chunk_size, options.limits.max_archive_entries), (5, None));
    assert_eq!(options.http.timeout, Duration::from_secs(1));
    assert_eq!(options.limits.max_entry_name_length, Some(4096));
}

#[test]
fn only_options_of_urls_can_be_set_by_a_source() {
    for row in TABLE.iter().filter(|row| row.layers.contains(&Layer::Source)) {
        assert_eq!(row.topic, Topic::Urls, "{}: a source applies no others", row.name);
    }
}

#[test]
fn a_choice_names_all_that_there_is() {
    let row = Row::named("detect_changes").expect("an option");
    let refused = row.set(&mut Overrides::default(), Value::Text("atime".to_owned()));
    let message = refused.expect_err("no choice").to_string();
    assert_eq!(message, "detect_changes must be 'ctime', 'mtime' or 'size'");
}
