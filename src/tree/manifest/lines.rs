//! The lines of a manifest, each with its number, in bounded memory.

use crate::error::{Error, Name, Result};

/// Bytes of a line, its end not counted: a path of the longest that archives may have by default, every byte
/// of it escaped, and eight digests are a hundredth of that.
pub(crate) const LONGEST: usize = 1 << 20;

/// Lines, put together from chunks.
pub(crate) struct Lines<'n> {
    name: &'n Name,
    rest: Vec<u8>,
    number: u32,
    /// Do lines end with CR LF? The first one tells.
    has_returns: bool,
}

impl<'n> Lines<'n> {
    /// No line yet, of the manifest that messages call `name`.
    pub(crate) fn new(name: &'n Name) -> Self {
        Self { name, rest: Vec::new(), number: 0, has_returns: false }
    }

    /// Adds a chunk, and calls `found` with each line that it ends, and the line's number.
    ///
    /// # Errors
    /// For a line that is too long; those of `found`.
    pub(crate) fn add(
        &mut self,
        mut chunk: &[u8],
        found: &mut dyn FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<()> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = (&chunk[..end], &chunk[end + 1..]);
            self.check(line)?;
            if self.rest.is_empty() {
                self.line(line, found)?;
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole, found)?;
                whole.clear();
                self.rest = whole;
            }
            chunk = rest;
        }
        self.check(chunk)?;
        self.rest.extend_from_slice(chunk);
        Ok(())
    }

    /// The last line may have no end.
    ///
    /// # Errors
    /// Those of `found`.
    pub(crate) fn finish(mut self, found: &mut dyn FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { Ok(()) } else { self.line(&rest, found) }
    }

    fn check(&self, more: &[u8]) -> Result<()> {
        if self.rest.len() + more.len() <= LONGEST {
            return Ok(());
        }
        let cause = format!("is longer than {LONGEST} bytes");
        Err(Error::manifest(self.name, self.number.saturating_add(1), &cause))
    }

    fn line(&mut self, line: &[u8], found: &mut dyn FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        self.number = self.number.saturating_add(1);
        let mut line = line;
        if self.number == 1 {
            // The mark that some editors put before UTF-8.
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            self.has_returns = line.ends_with(b"\r");
        }
        if self.has_returns {
            line = line.strip_suffix(b"\r").unwrap_or(line);
        }
        found(self.number, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], step: usize) -> Vec<(u32, Vec<u8>)> {
        let (name, mut found) = (Name::from("sums"), Vec::new());
        let mut lines = Lines::new(&name);
        let mut note = |number, line: &[u8]| {
            found.push((number, line.to_vec()));
            Ok(())
        };
        for chunk in text.chunks(step) {
            lines.add(chunk, &mut note).expect("short lines");
        }
        lines.finish(&mut note).expect("a short line");
        found
    }

    #[test]
    fn chunks_of_any_size_give_the_same_lines() {
        let text = b"\xef\xbb\xbfone\r\n\r\nthree\r\nfour";
        let expected: Vec<(u32, Vec<u8>)> =
            vec![(1, b"one".into()), (2, b"".into()), (3, b"three".into()), (4, b"four".into())];
        for step in 1..=text.len() {
            assert_eq!(lines(text, step), expected, "{step}");
        }
    }

    #[test]
    fn a_return_is_part_of_a_name_where_lines_do_not_end_with_one() {
        assert_eq!(lines(b"one\ntwo\r\n", 3)[1].1, b"two\r");
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_the_longest() {
        let name = Name::from("sums");
        let mut lines = Lines::new(&name);
        let chunk = vec![b'a'; 64 << 10];
        let error = (0..1 << 20)
            .find_map(|_| lines.add(&chunk, &mut |_, _| Ok(())).err())
            .expect("too long");
        assert_eq!(error.to_string(), "sums: line 1: is longer than 1048576 bytes");
        assert!(lines.rest.capacity() <= 2 * LONGEST);
    }
}
