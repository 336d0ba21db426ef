//! Reading an object at any offset: archives that have their index at the end are.

use crossbeam_channel::bounded;

use super::reader::{ObjectReader, receive};
use super::requests::{Answer, Ask, Request};
use crate::content::file::buffers::BUFFER;
use crate::content::{Extent, ReadAt};
use crate::error::{Error, Result};
use crate::run::context::{Call, Context};

/// An object that can be read at any offset.
pub(crate) struct ObjectAnywhere<'c> {
    reader: ObjectReader,
    size: u64,
    /// What says whether the work may go on.
    call: &'c Call,
}

impl<'c> ObjectAnywhere<'c> {
    /// The object of a reader that is prepared and has read nothing; the reader itself, if it cannot be read anywhere.
    pub(crate) fn of(
        reader: ObjectReader,
        call: &'c Call,
    ) -> std::result::Result<Self, Box<ObjectReader>> {
        match reader.size {
            Some(size) => Ok(Self { reader, size, call }),
            None => Err(Box::new(reader)),
        }
    }

    fn read_piece(&self, offset: u64, buffer: &mut [u8], context: &Context<'_>) -> Result<()> {
        let ObjectReader { object, number, name, .. } = &self.reader;
        let (reply, answers) = bounded(1);
        let ask = Ask::ReadAt { offset, length: buffer.len() };
        object.requests.push(Request::new(object.number, *number, ask, Some(reply)))?;
        loop {
            context.checkpoint()?;
            match receive(&answers, object)?.transpose()? {
                None | Some(Answer::Opened { .. }) => {}
                Some(Answer::Bytes(bytes)) if bytes.len() == buffer.len() => {
                    buffer.copy_from_slice(&bytes);
                    return Ok(());
                }
                Some(Answer::Bytes(bytes)) => {
                    let (end, size) = (offset + bytes.len() as u64, self.size);
                    let cause =
                        format!("ends after {end} bytes, and had {size} when it was opened");
                    return Err(Error::read(name, cause));
                }
            }
        }
    }
}

impl ReadAt for ObjectAnywhere<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.size })
    }

    fn read_at(&self, mut offset: u64, buffer: &mut [u8]) -> Result<()> {
        let context = Context::new(self.call);
        for piece in buffer.chunks_mut(BUFFER) {
            self.read_piece(offset, piece, &context)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// What an object says of its size may be wrong.
    fn is_promised(&self) -> bool {
        true
    }
}
