//! What a server or a proxy that wants to know who asks says of how to tell it: RFC 9110, section 11.6.1.

/// Bytes of the name of a scheme that are kept: registered ones have at most 17.
const MAX_NAME: usize = 32;

/// The names of the schemes in a list of challenges, such as `Digest realm="a, b", nonce="c", Basic realm="d"`.
pub(super) fn schemes(value: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    parts(value).into_iter().filter_map(|part| {
        let end = part.iter().position(|&byte| byte == b' ' || byte == b'=');
        // `nonce="c"` and `nonce = "c"` go on with the challenge before them.
        let rest = end.map_or(&[][..], |end| part[end..].trim_ascii_start());
        let name = &part[..end.unwrap_or(part.len())];
        let is_name = !rest.starts_with(b"=") && !name.is_empty();
        is_name.then(|| name[..name.len().min(MAX_NAME)].to_owned())
    })
}

/// The elements of the list: a comma in quotes divides nothing.
fn parts(value: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, &byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(value[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(value[start..].trim_ascii());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_schemes_are_taken_from_a_list_of_challenges() {
        for (value, expected) in [
            ("Basic realm=\"x\"", &["Basic"][..]),
            (
                "Digest realm=\"a, Fake b\", nonce = \"c\", qop=auth, Basic realm=d",
                &["Digest", "Basic"],
            ),
            ("Negotiate, NTLM", &["Negotiate", "NTLM"]),
            ("Bearer", &["Bearer"]),
            ("NTLM TlRMTVNTUAAB==", &["NTLM"]),
            ("Basic realm=\"a\\\", Fake\"", &["Basic"]),
            ("", &[]),
            (" , ,=,", &[]),
        ] {
            let found: Vec<_> = schemes(value.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|name| name.as_bytes().to_vec()).collect();
            assert_eq!(found, expected, "{value}");
        }
    }
}
