//! The XML of a table of contents, a piece at a time: elements and their text, and nothing else.
//!
//! A parser of its own, since the table comes in pieces and may be long, and since what writers of xar
//! leave out (comments, sections, definitions) is better refused than read in a way that is not libxml2's.

use super::super::contract::Broken;

/// How long a tag or the text of an element may be: some 16 times the longest name of a file.
const LONGEST: usize = 64 << 10;

/// How deep elements may lie within each other: a path of 4096 bytes has no more than half as many parts,
/// and each is an element.
const DEEPEST: usize = 2048;

/// What is made of it.
pub(super) trait Sink {
    /// An element begins, within the one that began last and has not ended.
    fn begin(&mut self, name: &[u8], depth: usize) -> Result<(), Broken>;

    /// One ends, whose text this is, entities and all, without that of the elements within it.
    fn end(&mut self, name: &[u8], depth: usize, text: &[u8]) -> Result<(), Broken>;
}

/// How far it has been read.
#[derive(Debug, Default)]
pub(super) struct Xml {
    /// The tag at hand, without its brackets, once it has begun.
    tag: Option<Vec<u8>>,
    /// The mark that a value within the tag ends with.
    quote: Option<u8>,
    text: Vec<u8>,
    names: Vec<Vec<u8>>,
    is_over: bool,
}

impl Xml {
    /// Sees the next piece.
    pub(super) fn see(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Broken> {
        for &byte in bytes {
            let Some(tag) = &mut self.tag else {
                match byte {
                    b'<' => self.tag = Some(Vec::new()),
                    _ if self.names.is_empty() && !byte.is_ascii_whitespace() => return damaged(),
                    _ if self.text.len() >= LONGEST => return damaged(),
                    _ => self.text.push(byte),
                }
                continue;
            };
            match (self.quote, byte) {
                (None, b'"' | b'\'') => self.quote = Some(byte),
                (Some(quote), _) if quote == byte => self.quote = None,
                (None, b'>') => {
                    let tag = self.tag.take().unwrap_or_default();
                    self.tag(&tag, sink)?;
                    continue;
                }
                (_, b'<') => return damaged(),
                _ if tag.len() >= LONGEST => return damaged(),
                _ => {}
            }
            tag.push(byte);
        }
        Ok(())
    }

    fn tag(&mut self, tag: &[u8], sink: &mut impl Sink) -> Result<(), Broken> {
        match tag {
            [b'!', ..] => {
                Broken::because("has a table of contents with parts that are not understood")
            }
            [b'?', ..] => Ok(()),
            [b'/', name @ ..] => self.end(name.trim_ascii_end(), sink),
            [begin @ .., b'/'] => {
                let name = self.begin(begin, sink)?;
                self.end(&name, sink)
            }
            begin => self.begin(begin, sink).map(|_| ()),
        }
    }

    fn begin(&mut self, tag: &[u8], sink: &mut impl Sink) -> Result<Vec<u8>, Broken> {
        let length = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let name = tag[..length].to_vec();
        if name.is_empty() || self.is_over || self.names.len() >= DEEPEST {
            return damaged();
        }
        sink.begin(&name, self.names.len())?;
        self.text.clear();
        self.names.push(name.clone());
        Ok(name)
    }

    fn end(&mut self, name: &[u8], sink: &mut impl Sink) -> Result<(), Broken> {
        if self.names.pop().as_deref() != Some(name) {
            return damaged();
        }
        let text = std::mem::take(&mut self.text);
        sink.end(name, self.names.len(), &text)?;
        self.is_over = self.names.is_empty();
        Ok(())
    }

    /// All of it has been seen.
    pub(super) fn finish(&self) -> Result<(), Broken> {
        if self.is_over && self.tag.is_none() { Ok(()) } else { damaged() }
    }
}

fn damaged<T>() -> Result<T, Broken> {
    Broken::because("has a table of contents that is not well-formed: damaged")
}
