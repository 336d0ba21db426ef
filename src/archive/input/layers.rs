//! Layers of compression around an archive: opened one after the other until its own bytes are reached.

use super::bytes::Bytes;
use super::gzip::{self, Gunzip};
use super::layered::{ArchiveInput, Source};
use super::stored::Stored;
use super::undo::Undone;
use crate::archive::account::Tail;
use crate::archive::limits::Meter;
use crate::archive::structure::rar::WithoutDirectories;
use crate::archive::structure::{FRONT, Frame, Frames};
use crate::archive::within;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Filter, Filters};

/// How many layers there may be: as many as libarchive undoes.
const MOST: usize = 25;

/// Opens an archive. `name` is what messages call it. `others`: what is undone besides gzip, zstd and lz4.
///
/// # Errors
/// When it cannot be read; when the context says stop.
pub(crate) fn open<'a>(
    bytes: Bytes<'a>,
    name: &Name,
    meter: &Meter,
    others: Filters,
    context: &'a Context<'a>,
) -> Result<ArchiveInput<'a>> {
    let stored = Source::Stored(Stored::new(bytes, context));
    let input = ArchiveInput::of(stored, 0, name, meter, context);
    undo_all(input, others, is_single)
}

/// Opens what is within one layer of compression, by one of the programs that compress single files.
///
/// # Errors
/// When it is within none; when it cannot be read; when the context says stop.
pub(crate) fn open_layer<'a>(
    bytes: Bytes<'a>,
    name: &Name,
    meter: &Meter,
    context: &'a Context<'a>,
) -> Result<ArchiveInput<'a>> {
    let stored = Source::Stored(Stored::new(bytes, context));
    let input = ArchiveInput::of(stored, 0, name, meter, context);
    let input = undo_all(input, Filters::Common, |input| Ok(input.layers == 1))?;
    if input.is_compressed_once() {
        return Ok(input);
    }
    Err(Error::archive(name, "is not compressed by gzip, bzip2, xz, zstd or lz4"))
}

/// Is it within one layer of compression, and nothing that libarchive could know? Then no more is undone.
///
/// # Errors
/// When it cannot be read; when the context says stop.
pub(crate) fn is_single(input: &mut ArchiveInput<'_>) -> Result<bool> {
    Ok(input.is_compressed_once()
        && !within::is_common(input.start(within::TAR)?)
        && !within::may_be_known(&input.look_ahead(within::LOOKED_AT)?))
}

/// The same archive, which has just been opened and is no zip: if it is a RAR 5 behind a program, without what
/// libarchive is not shown of it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn behind_program(input: ArchiveInput<'_>) -> Result<ArchiveInput<'_>> {
    let Some(bytes) = input.anywhere() else { return Ok(input) };
    let most = |length: u64| usize::try_from(bytes.size().min(length)).unwrap_or(0);
    let mut front = vec![0; most(WithoutDirectories::BEGINNING as u64)];
    bytes.read_at(0, &mut front)?;
    if !WithoutDirectories::is_program(&front) {
        return Ok(input);
    }
    front.resize(most(FRONT), 0);
    bytes.read_at(0, &mut front)?;
    Ok(input.leaving_out(WithoutDirectories::behind_program(&front)))
}

/// Undoes every layer of compression, from the outermost to the innermost.
///
/// `is_last`: is there no other layer within?
fn undo_all(
    mut input: ArchiveInput<'_>,
    others: Filters,
    is_last: impl Fn(&mut ArchiveInput<'_>) -> Result<bool>,
) -> Result<ArchiveInput<'_>> {
    let (name, meter, context) = (input.name.clone(), input.meter.clone(), input.context);
    for layers in input.layers..MOST {
        if is_last(&mut input)? {
            return Ok(input);
        }
        let start = input.start(WithoutDirectories::BEGINNING)?;
        let without = WithoutDirectories::of(start);
        let frames = start.get(..4).and_then(Frames::kind);
        let source = if start.starts_with(&gzip::MAGIC) {
            Source::Layer(Box::new(Gunzip::new(input, &name)))
        } else {
            let filters = match frames {
                None => others,
                Some(Frame::Zstd) => Filters::Only(Filter::ZSTD),
                Some(Frame::Lz4) => Filters::Only(Filter::LZ4),
                Some(Frame::Either) => Filters::Framed,
            };
            if frames.is_some() {
                input.clip()?;
            }
            match Undone::open(input, filters, &name, context)? {
                Ok(undone) => Source::Layer(Box::new(undone)),
                Err(plain) => return Ok(plain.leaving_out(without)),
            }
        };
        input = ArchiveInput::of(source, layers + 1, &name, &meter, context);
    }
    Err(Error::archive(&name, format!("is compressed more than {MOST} times over")))
}

/// What follows the end of a part.
pub(crate) enum Following<'a> {
    /// Another part.
    Part(Box<ArchiveInput<'a>>),
    /// None: everything has been read.
    End(Box<ArchiveInput<'a>>),
}

/// Begins anew with what lies behind `end`, zeros apart, as if that were all: if it begins with what
/// `is_part` accepts. Else it is added to `tail`.
///
/// # Errors
/// When it cannot be read; when the context says stop.
pub(crate) fn following<'a>(
    mut input: ArchiveInput<'a>,
    end: u64,
    is_part: impl FnOnce(&[u8]) -> bool,
    tail: &mut Tail,
) -> Result<Following<'a>> {
    let context = input.context;
    input.go_back(end)?;
    let mut buffer = vec![0; 64 << 10];
    let mut start = Vec::new();
    loop {
        let length = input.read_into(&mut buffer)?;
        if length == 0 {
            break;
        }
        let zeros = buffer[..length].iter().take_while(|&&byte| byte == 0).count();
        if start.is_empty() && zeros == length {
            continue;
        }
        let from = if start.is_empty() { zeros } else { 0 };
        start.extend_from_slice(&buffer[from..length]);
        // As many as tell of any format that may come.
        if start.len() >= 16 {
            break;
        }
    }
    if is_part(&start) {
        input.begin_part(&start);
        return undo_all(input, Filters::Others, |_| Ok(false))
            .map(|part| Following::Part(Box::new(part)));
    }
    tail.add(&start, context)?;
    loop {
        let length = input.read_into(&mut buffer)?;
        if length == 0 {
            return Ok(Following::End(Box::new(input)));
        }
        tail.add(&buffer[..length], context)?;
    }
}
