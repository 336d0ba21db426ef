//! What the table of contents of a xar archive says of its files, and of where its heap ends.

use std::collections::VecDeque;

use super::super::contract::Broken;
use super::xml::Sink;
use crate::archive::structure::Listed;

/// The elements that say where something lies in the heap. Those of files are `data` and `ea`.
const EXTENTS: [&[u8]; 5] = [b"data", b"ea", b"checksum", b"signature", b"x-signature"];

/// What has been found.
#[derive(Debug, Default)]
pub(super) struct Toc {
    /// Where the heap ends.
    end: u64,
    /// How long the sum of the table is.
    sum: Option<usize>,
    entries: VecDeque<Listed>,
    /// The files that have begun, each in the one before it.
    files: Vec<File>,
    /// How deep the table lies.
    depth: Option<usize>,
    /// What lies in the heap, and how deep the element is that says so.
    extent: Option<(usize, Extent)>,
}

#[derive(Debug, Default)]
struct File {
    depth: usize,
    kind: Vec<u8>,
    size: Option<u64>,
    /// Does it have more than a name and a type? libarchive does not show directories without.
    has_more: bool,
}

#[derive(Debug, Default)]
struct Extent {
    offset: Option<u64>,
    length: Option<u64>,
    size: Option<u64>,
}

impl Toc {
    /// The next entry.
    pub(super) fn entry(&mut self) -> Option<Listed> {
        self.entries.pop_front()
    }

    /// How long the sum of the table is, if it has one.
    pub(super) fn sum(&self) -> Option<usize> {
        self.sum
    }

    /// How long the heap is.
    pub(super) fn finish(&self) -> Result<u64, Broken> {
        if self.depth.is_none() {
            return Broken::because("has a table of contents without contents: damaged");
        }
        Ok(self.end)
    }

    /// How deep the element lies that files and extents of the archive are in.
    fn parent(&self) -> Option<usize> {
        self.files.last().map(|file| file.depth).or(self.depth)
    }
}

impl Sink for Toc {
    fn begin(&mut self, name: &[u8], depth: usize) -> Result<(), Broken> {
        if name == b"toc" && depth == 1 && self.depth.is_none() {
            self.depth = Some(depth);
            return Ok(());
        }
        if self.extent.is_some() || self.parent() != depth.checked_sub(1) {
            return Ok(());
        }
        if name == b"file" {
            self.files.push(File { depth, ..File::default() });
            return Ok(());
        }
        if let Some(file) = self.files.last_mut() {
            file.has_more |= name != b"name" && name != b"type";
        }
        if EXTENTS.contains(&name) {
            self.extent = Some((depth, Extent::default()));
        }
        Ok(())
    }

    fn end(&mut self, name: &[u8], depth: usize, text: &[u8]) -> Result<(), Broken> {
        match &mut self.extent {
            Some((at, extent)) if depth == *at + 1 => {
                let field = match name {
                    b"offset" => &mut extent.offset,
                    b"length" => &mut extent.length,
                    b"size" => &mut extent.size,
                    _ => return Ok(()),
                };
                return match field.replace(number(text)?) {
                    None => Ok(()),
                    Some(_) => Broken::because("has a file with two places: damaged"),
                };
            }
            Some((at, extent)) if depth == *at => {
                if let (Some(offset), Some(length)) = (extent.offset, extent.length.or(extent.size))
                {
                    let end = offset.checked_add(length);
                    let end = end.ok_or_else(|| Broken("has a file of impossible size".into()))?;
                    self.end = self.end.max(end);
                }
                if name == b"checksum" && self.files.is_empty() {
                    self.sum = extent.size.and_then(|size| usize::try_from(size).ok());
                }
                if name == b"data"
                    && let Some(file) = self.files.last_mut()
                {
                    file.size = extent.size;
                }
                self.extent = None;
                return Ok(());
            }
            Some(_) => return Ok(()),
            None => {}
        }
        let Some(file) = self.files.last_mut() else { return Ok(()) };
        if depth == file.depth {
            if file.kind != b"directory" || file.has_more {
                let size = Some(file.size.unwrap_or(0));
                self.entries.push_back(Listed { name: None, size });
            }
            self.files.pop();
        } else if depth == file.depth + 1 && name == b"type" {
            file.kind = text.trim_ascii().to_vec();
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> Result<u64, Broken> {
    std::str::from_utf8(text)
        .ok()
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Broken("has a table of contents with a wrong number: damaged".to_owned()))
}
