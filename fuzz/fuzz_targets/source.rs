//! Any text as a source: a path is what was written, and what is refused is refused in one line.
#![no_main]

use komparu::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match Source::parse(text, "source_a") {
        Ok(source) => {
            assert!(!source.name().to_string().contains(['\n', '\r']), "one line");
            let Ok(path) = source.path() else { return };
            assert!(!path.is_empty() && !path.contains(&0));
            let colon = text.windows(3).position(|window| window == b"://");
            if colon.is_none() {
                assert_eq!(path, text, "a path is what was written");
            } else {
                let scheme = text.get(..4).unwrap_or_default();
                assert!(path == text || scheme.eq_ignore_ascii_case(b"file"));
            }
        }
        Err(error) => assert!(!error.to_string().contains(['\n', '\r']), "{error}"),
    }
});
