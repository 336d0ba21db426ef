//! What was found, as lines for people: one about each path, sorted by path, and a directory that only one tree has
//! as one line with the number of its files.
//!
//! A text is given, and comes out, as Python's UTF-8 codec writes it with `surrogatepass`: a byte of a name that is
//! no text is a lone surrogate, U+DC80 to U+DCFF, in three bytes.

use std::collections::HashSet;

use super::legible::is_escaped;

/// What is said of a path. Where a path has several lines, this is their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    /// Why it could not be compared.
    Failed(Vec<u8>),
    /// How it differs: the reason, and the offset and the line where, if that is known.
    Differs(String, Option<(u64, u64)>),
    OnlyRight,
    OnlyLeft,
    /// Where the other tree has the same content.
    Moved(Vec<u8>),
    Equal,
}

/// A path and what is said of it.
pub(crate) type Line = (Vec<u8>, Told);

/// A line about a path, or about a directory and so many files in it.
struct Shown<'l> {
    path: &'l [u8],
    told: &'l Told,
    files: usize,
}

/// Bytes of a piece of the output: what a system takes at a time.
const PIECE: usize = 1 << 16;

/// Writes all lines, sorted, in pieces that end with a line. Paths in one of `directories`, none of which is within
/// another one, and that only one tree has, are one line together.
pub(crate) fn write(lines: &mut [Line], directories: &HashSet<Vec<u8>>) -> Vec<Vec<u8>> {
    // Those that come from a run are sorted already.
    lines.sort();
    let mut shown: Vec<Shown<'_>> = Vec::with_capacity(lines.len());
    // The directory that the path before lies in, and which line is its own.
    let mut last: Option<(&[u8], usize)> = None;
    for (path, told) in &*lines {
        let is_only = !directories.is_empty() && matches!(told, Told::OnlyLeft | Told::OnlyRight);
        if is_only {
            if let Some((directory, at)) = last
                && is_within(path, directory)
            {
                shown[at].files += 1;
                continue;
            }
            if let Some(directory) = parents(path).find(|&it| directories.contains(it)) {
                last = Some((directory, shown.len()));
                shown.push(Shown { path: &path[..=directory.len()], told, files: 1 });
                continue;
            }
        }
        shown.push(Shown { path, told, files: 0 });
    }
    shown.sort_by_key(|line| line.path);
    let (mut pieces, mut piece) = (Vec::new(), Vec::with_capacity(PIECE));
    for line in shown {
        if piece.len() >= PIECE {
            pieces.push(std::mem::replace(&mut piece, Vec::with_capacity(PIECE)));
        }
        line.write(&mut piece);
    }
    pieces.push(piece);
    pieces
}

fn is_within(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(b"/"))
}

/// The directories that a path lies in, from the topmost to the last.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
    slashes.map(|(at, _)| &path[..at])
}

impl Shown<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let sign = match self.told {
            Told::Failed(_) => b'!',
            Told::Differs(..) => b'*',
            Told::OnlyRight => b'+',
            Told::OnlyLeft => b'-',
            Told::Moved(_) => b'>',
            Told::Equal => b'=',
        };
        out.extend([sign, b' ']);
        if self.path.is_empty() && *self.told == Told::Equal {
            // Both trees are one and the same.
            out.push(b'.');
        }
        let start = out.len();
        one_line(self.path, out);
        match self.told {
            Told::Moved(to) => {
                let from = out.split_off(start);
                out.extend(without_arrows(&from));
                out.extend(ARROW);
                let start = out.len();
                one_line(to, out);
                let to = out.split_off(start);
                out.extend(without_arrows(&to));
            }
            Told::Failed(why) => {
                out.extend(b": ");
                legible(why, out);
            }
            Told::Differs(reason, place) => {
                out.extend(b" (");
                legible(reason.as_bytes(), out);
                if let Some((offset, line)) = place {
                    // Both are counted from 1, as cmp does.
                    out.extend(format!(" at byte {}, line {line}", offset + 1).bytes());
                }
                out.push(b')');
            }
            Told::OnlyLeft | Told::OnlyRight if self.files > 0 => {
                let files = if self.files == 1 { "file" } else { "files" };
                out.extend(format!(" ({} {files})", grouped(self.files)).bytes());
            }
            _ => {}
        }
        out.push(b'\n');
    }
}

/// What stands between two paths.
const ARROW: &[u8] = b" -> ";

/// A name that may stand next to an arrow: one within it is escaped, so that the line can be read back.
fn without_arrows(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.windows(ARROW.len()).position(|part| part == ARROW) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\\x20->");
        rest = &rest[at + ARROW.len() - 1..];
    }
    out.extend_from_slice(rest);
    out
}

/// A number with a comma before each three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Escapes a name so that it stays on its line and can be read back: its backslashes, too.
pub(crate) fn one_line(name: &[u8], out: &mut Vec<u8>) {
    escape(name, |letter| letter == '\\' || is_escaped(letter), out);
}

/// Escapes what is not to be printed as it is.
pub(crate) fn legible(text: &[u8], out: &mut Vec<u8>) {
    escape(text, is_escaped, out);
}

fn escape(text: &[u8], is_escaped: impl Fn(char) -> bool, out: &mut Vec<u8>) {
    // Most names are nothing else.
    if text.iter().all(|&byte| (b' '..0x7f).contains(&byte) && byte != b'\\') {
        out.extend_from_slice(text);
        return;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let valid = match std::str::from_utf8(rest) {
            Ok(all) => all,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        for letter in valid.chars() {
            if is_escaped(letter) {
                push_escaped(letter, out);
            } else {
                out.extend(letter.encode_utf8(&mut [0; 4]).bytes());
            }
        }
        rest = &rest[valid.len()..];
        let (undecoded, length) = undecoded(rest);
        if length == 0 {
            // Another surrogate, which stands for no byte.
            let after = rest.len().min(1);
            out.extend_from_slice(&rest[..after]);
            rest = &rest[after..];
            continue;
        }
        push_undecoded(&undecoded, &is_escaped, out);
        rest = &rest[length..];
    }
}

/// The bytes that the surrogates at the front stand for, and how many bytes these surrogates are.
fn undecoded(text: &[u8]) -> (Vec<u8>, usize) {
    let bytes: Vec<u8> = text.chunks_exact(3).map_while(surrogate_byte).collect();
    let length = bytes.len() * 3;
    (bytes, length)
}

/// The byte that a lone surrogate stands for.
fn surrogate_byte(encoded: &[u8]) -> Option<u8> {
    match *encoded {
        [0xed, second @ (0xb2 | 0xb3), third @ 0x80..=0xbf] => {
            Some((second & 0x03) << 6 | third & 0x3f)
        }
        _ => None,
    }
}

/// Writes bytes that are no text in the encoding of file names, but may be what a terminal takes for UTF-8.
fn push_undecoded(bytes: &[u8], is_escaped: impl Fn(char) -> bool, out: &mut Vec<u8>) {
    for part in bytes.utf8_chunks() {
        for letter in part.valid().chars() {
            if is_escaped(letter) {
                push_escaped(letter, out);
            } else {
                letter.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_surrogate(byte, out));
            }
        }
        part.invalid().iter().for_each(|&byte| push_surrogate(byte, out));
    }
}

/// Writes a byte that is no text: as a lone surrogate.
fn push_surrogate(byte: u8, out: &mut Vec<u8>) {
    out.extend([0xed, 0xb0 | byte >> 6, 0x80 | byte & 0x3f]);
}

/// Writes the name of a file as Python decodes it where file names are UTF-8.
pub(crate) fn decoded(name: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(name.len());
    for part in name.utf8_chunks() {
        text.extend(part.valid().bytes());
        part.invalid().iter().for_each(|&byte| push_surrogate(byte, &mut text));
    }
    text
}

/// Writes a letter as Python does in `repr`.
fn push_escaped(letter: char, out: &mut Vec<u8>) {
    match letter {
        '\\' => out.extend(b"\\\\"),
        '\n' => out.extend(b"\\n"),
        '\r' => out.extend(b"\\r"),
        '\t' => out.extend(b"\\t"),
        _ if u32::from(letter) < 0x100 => {
            out.extend(format!("\\x{:02x}", u32::from(letter)).bytes());
        }
        _ => out.extend(format!("\\u{:04x}", u32::from(letter)).bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(lines: &[(&str, Told)], directories: &[&str]) -> String {
        let mut lines: Vec<Line> =
            lines.iter().map(|(path, told)| (path.as_bytes().to_vec(), told.clone())).collect();
        let directories = directories.iter().map(|it| it.as_bytes().to_vec()).collect();
        String::from_utf8(write(&mut lines, &directories).concat()).expect("it was text")
    }

    fn escaped(name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        one_line(name, &mut out);
        out
    }

    #[test]
    fn each_path_has_a_line_and_lines_are_sorted_by_path() {
        let lines = [
            ("z", Told::OnlyLeft),
            ("old -> \\", Told::Moved(b"new -> name".to_vec())),
            ("b", Told::Differs("size_mismatch".into(), None)),
            ("a", Told::OnlyRight),
            ("c", Told::Differs("content_mismatch".into(), Some((512, 4)))),
            ("d", Told::Failed(b"no\nway".to_vec())),
            ("e\\", Told::Equal),
            ("", Told::Equal),
        ];
        let expected = "= .\n+ a\n* b (size_mismatch)\n* c (content_mismatch at byte 513, line 4)\n\
            ! d: no\\nway\n= e\\\\\n> old\\x20-> \\\\ -> new\\x20-> name\n- z\n";
        assert_eq!(written(&lines, &[]), expected);
    }

    #[test]
    fn a_directory_is_one_line_with_the_number_of_its_files() {
        let mut lines: Vec<_> =
            (0..1204).map(|it| (format!("logs/{it}"), Told::OnlyLeft)).collect();
        lines.push(("logs-old".into(), Told::OnlyLeft));
        lines.push(("logs".into(), Told::Differs("type_mismatch".into(), None)));
        lines.push(("new/a/b".into(), Told::OnlyRight));
        let lines: Vec<_> = lines.iter().map(|(path, told)| (&**path, told.clone())).collect();
        let expected =
            "* logs (type_mismatch)\n- logs-old\n- logs/ (1,204 files)\n+ new/a/ (1 file)\n";
        assert_eq!(written(&lines, &["logs", "new/a"]), expected);
    }

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        let numbers = [0, 12, 123, 1234, 123_456, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "123", "1,234", "123,456", "1,234,567"]);
    }

    #[test]
    fn what_is_no_text_is_written_as_surrogates_and_still_drives_nothing() {
        assert_eq!(
            escaped("é\u{9b}\u{202e}\x1b\\".as_bytes()),
            "é\\x9b\\u202e\\x1b\\\\".as_bytes()
        );
        assert_eq!(decoded(b"caf\xe9"), b"caf\xed\xb3\xa9");
        assert_eq!(escaped(b"caf\xed\xb3\xa9"), b"caf\xed\xb3\xa9");
        // U+202E where no byte beyond ASCII is decoded.
        let raw: Vec<u8> = "\u{202e}"
            .bytes()
            .flat_map(|byte| {
                let mut out = Vec::new();
                push_surrogate(byte, &mut out);
                out
            })
            .collect();
        assert_eq!(escaped(&raw), b"\\u202e");
        // A surrogate of a pair stands for no byte.
        assert_eq!(escaped(b"\xed\xa0\x80x"), b"\xed\xa0\x80x");
    }

    proptest! {
        #[test]
        fn any_bytes_are_one_line_that_keeps_what_is_no_text(
            name in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let line = escaped(&decoded(&name));
            prop_assert!(!line.iter().any(u8::is_ascii_control));
            let plain = name.iter().all(|&byte| byte >= b' ' && byte != 0x7f && byte != b'\\');
            if plain && !String::from_utf8_lossy(&name).contains(is_escaped) {
                prop_assert_eq!(line, decoded(&name));
            }
        }

        #[test]
        fn every_file_is_counted_once(
            paths in proptest::collection::btree_set("[ab]{1,2}(/[ab]{1,2}){0,3}", 0..30),
            directories in proptest::collection::hash_set("[ab]{1,2}", 0..4),
        ) {
            let lines: Vec<_> = paths.iter().map(|it| (&**it, Told::OnlyLeft)).collect();
            let folds: Vec<_> = directories.iter().map(|it| &**it).collect();
            let text = written(&lines, &folds);
            let mut expected = std::collections::BTreeMap::<String, usize>::new();
            for path in &paths {
                let top = path.split_once('/').map(|(top, _)| top).filter(|it| directories.contains(*it));
                *expected.entry(top.map_or(path.clone(), |top| format!("{top}/"))).or_default() += 1;
            }
            let expected: String = expected.into_iter().map(|(path, count)| {
                let files = if count == 1 { "1 file".into() } else { format!("{count} files") };
                if path.ends_with('/') { format!("- {path} ({files})\n") } else { format!("- {path}\n") }
            }).collect();
            prop_assert_eq!(text, expected);
        }
    }
}
