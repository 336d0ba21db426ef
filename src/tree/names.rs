//! Names of entries that come from no filesystem: those in archives, and those that users write.

use unicode_normalization::UnicodeNormalization as _;

/// A relative path, normalized: no `./` in front, no empty parts, no slash at the end. An empty path is the
/// root.
///
/// # Errors
/// The reason why it cannot be a path in a tree.
pub(crate) fn normal(name: &[u8]) -> Result<Vec<u8>, &'static str> {
    if name.contains(&0) {
        return Err("contains a NUL byte");
    }
    if name.starts_with(b"/") {
        return Err("is absolute");
    }
    let mut parts = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).peekable();
    while parts.next_if(|part| *part == b".").is_some() {}
    let mut normal = Vec::with_capacity(name.len());
    for part in parts {
        if part == b".." {
            return Err("has a '..' part");
        }
        if !normal.is_empty() {
            normal.push(b'/');
        }
        normal.extend_from_slice(part);
    }
    Ok(normal)
}

/// The name, composed (Unicode's form NFC). libarchive composes the names of formats that store Unicode;
/// other formats keep the bytes as written, so the same tree has different bytes in different formats. A
/// name that is not UTF-8 stays as it is.
pub(crate) fn composed(name: Vec<u8>) -> Vec<u8> {
    if name.is_ascii() {
        return name;
    }
    match std::str::from_utf8(&name) {
        Ok(text) => text.nfc().collect::<String>().into_bytes(),
        Err(_) => name,
    }
}

/// Has this composed name any other spelling?
pub(crate) fn has_spellings(composed: &[u8]) -> bool {
    !composed.is_ascii()
        && std::str::from_utf8(composed).is_ok_and(|text| !text.nfd().eq(text.chars()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_one_form() {
        let cases = [
            ("a", "a"),
            ("./a", "a"),
            ("././/a", "a"),
            ("a//b/", "a/b"),
            ("a/./b", "a/./b"),
            (".a/..b/c..", ".a/..b/c.."),
            ("", ""),
            ("./", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(normal(name.as_bytes()), Ok(expected.as_bytes().to_vec()), "{name}");
        }
    }

    #[test]
    fn every_spelling_of_a_name_is_composed_to_one() {
        for name in ["caf\u{e9}", "cafe\u{301}"] {
            assert_eq!(composed(name.into()), "caf\u{e9}".as_bytes());
        }
        for name in [&b"cafe"[..], b"caf\xe9", "\u{65e5}\u{672c}".as_bytes()] {
            assert_eq!(composed(name.to_vec()), name);
            assert!(!has_spellings(name));
        }
        assert!(has_spellings("caf\u{e9}".as_bytes()));
    }

    #[test]
    fn a_path_that_leads_out_of_the_tree_is_refused() {
        assert_eq!(normal(b"/a"), Err("is absolute"));
        assert_eq!(normal(b"//a"), Err("is absolute"));
        for name in ["..", "../a", "a/../b", "./..", "a/.."] {
            assert_eq!(normal(name.as_bytes()), Err("has a '..' part"), "{name}");
        }
        assert_eq!(normal(b"a\0"), Err("contains a NUL byte"));
    }
}
