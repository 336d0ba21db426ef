//! Any patterns, any path: compiled or refused, and the last pattern has the last word.
#![no_main]

use arbitrary::Arbitrary;
use komparu::ignore::Ignore;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    patterns: Vec<&'a str>,
    path: &'a [u8],
    is_directory: bool,
}

fuzz_target!(|input: Input<'_>| {
    let patterns: Vec<String> = input.patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    let path: Vec<&[u8]> = input.path.split(|&byte| byte == b'/' || byte == 0).collect();
    // What a walk asks about: parts that are not empty, none of them `.` or `..`.
    let path: Vec<&[u8]> =
        path.into_iter().filter(|part| !matches!(*part, b"" | b"." | b"..")).collect();
    let path = path.join(&b'/');
    if path.is_empty() {
        return;
    }
    let Ok(ignore) = Ignore::new(patterns.clone()) else { return };
    let answer = ignore.leaves_out(&path, input.is_directory);
    assert_eq!(ignore.leaves_out(&path, input.is_directory), answer);
    assert_eq!(ignore.patterns(), patterns);
    let with = |last: &str| {
        let all = patterns.iter().cloned().chain([last.to_owned()]).collect();
        Ignore::new(all)
            .expect("what could be compiled can be")
            .leaves_out(&path, input.is_directory)
    };
    assert!(with("*"), "the last pattern leaves out everything");
    assert!(!with("!*"), "the last pattern leaves out nothing");
    assert_eq!(with("# a comment"), answer);
    assert_eq!(with(""), answer);
});
