//! The names of entries that no filesystem has vouched for: those in archives, and those that users
//! write.

/// A relative path in its one form: no `./` in front, no empty parts, no slash at the end. It may be
/// empty: the root.
///
/// # Errors
/// With the reason why it names nothing in a tree.
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
    fn what_leads_out_of_the_tree_is_refused() {
        assert_eq!(normal(b"/a"), Err("is absolute"));
        assert_eq!(normal(b"//a"), Err("is absolute"));
        for name in ["..", "../a", "a/../b", "./..", "a/.."] {
            assert_eq!(normal(name.as_bytes()), Err("has a '..' part"), "{name}");
        }
        assert_eq!(normal(b"a\0"), Err("contains a NUL byte"));
    }
}
