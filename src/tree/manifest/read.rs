//! A manifest is read, once it is known what its lines look like.

use super::algorithm::Algorithm;
use super::bsd::{self, Tagged};
use super::gnu::{self, Spaced};
use super::hashdeep::Columns;
use super::lines::Lines;
use super::record::{self, Fields};
use super::table::{ListedDigest, Table};
use crate::content::{Chunk, Reader};
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::source::Source;

/// What the lines of a manifest look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `digest  name`, as sha256sum, md5sum and b3sum write it, Debian's md5sums and `BagIt`'s manifests.
    Gnu,
    /// `SHA256 (name) = digest`.
    Bsd,
    /// hashdeep's: a header, and columns.
    Hashdeep,
    /// The RECORD of a wheel.
    Record,
}

impl Format {
    /// What each is called.
    pub const NAMES: [&str; 4] = ["gnu", "bsd", "hashdeep", "record"];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Gnu, Self::Bsd, Self::Hashdeep, Self::Record];
        Self::NAMES.iter().position(|&it| it == name).map(|index| all[index])
    }

    /// The one that a first line is of.
    fn of(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"%%%%") {
            Some(Self::Hashdeep)
        } else if bsd::is_tagged(line) {
            Some(Self::Bsd)
        } else if gnu::is_spaced(line) {
            Some(Self::Gnu)
        } else if record::has_three_fields(line) {
            Some(Self::Record)
        } else {
            None
        }
    }
}

/// Is this the name of a `BagIt` manifest, in which names are percent-encoded?
pub(crate) fn is_bagit(file_name: &[u8]) -> bool {
    let name = file_name.strip_prefix(b"tag").unwrap_or(file_name);
    name.starts_with(b"manifest-") && name.ends_with(b".txt")
}

/// Does a file that starts like this look like a manifest? Its first line tells that is neither empty nor a comment.
#[must_use]
pub fn looks_like_one(start: &[u8]) -> bool {
    let name = Name::from("");
    let (mut lines, mut first) = (Lines::new(&name), None);
    let mut note = |_, line: &[u8]| {
        if first.is_none() && !line.is_empty() && !line.starts_with(b"#") {
            first = Some(!line.contains(&0) && Format::of(line).is_some());
        }
        Ok(())
    };
    let is_read = lines.add(start, &mut note).is_ok() && lines.finish(&mut note).is_ok();
    is_read && first == Some(true)
}

/// How the lines of a manifest are read.
enum Parser {
    Gnu(Spaced),
    Bsd(Tagged),
    Hashdeep(Columns),
    Record(Fields),
}

/// What is known of a manifest before it is read.
struct Parsing {
    parser: Option<Parser>,
    is_bagit: bool,
    named: Option<Algorithm>,
    table: Table,
}

impl Parsing {
    fn parser(&self, format: Format) -> Parser {
        match format {
            Format::Gnu => Parser::Gnu(Spaced { named: self.named, is_bagit: self.is_bagit }),
            Format::Bsd => Parser::Bsd(Tagged),
            Format::Hashdeep => Parser::Hashdeep(Columns::default()),
            Format::Record => Parser::Record(Fields::default()),
        }
    }

    fn line(&mut self, number: u32, line: &[u8]) -> Result<()> {
        let malformed = |cause: &str| Error::manifest(&self.table.name, number, cause);
        if self.parser.is_none() {
            if line.is_empty() || line.starts_with(b"#") {
                return Ok(());
            }
            let Some(format) = Format::of(line) else {
                return Err(malformed("is of no format of manifests"));
            };
            self.parser = Some(self.parser(format));
        }
        let table = &mut self.table;
        let mut failure = None;
        let mut push = |name: &[u8], size: Option<u64>, digests: &[ListedDigest<'_>]| {
            if let Err(error) = table.push(number, name, size, digests) {
                failure = Some(error);
            }
        };
        let parsed = match &mut self.parser {
            None => Ok(()),
            Some(Parser::Gnu(spaced)) => spaced.line(line, &mut push),
            Some(Parser::Bsd(tagged)) => tagged.line(line, &mut push),
            Some(Parser::Hashdeep(columns)) => columns.line(line, &mut push),
            Some(Parser::Record(fields)) => fields.line(line, &mut push),
        };
        if let Some(error) = failure {
            return Err(error);
        }
        parsed.map_err(|cause| Error::manifest(&self.table.name, number, cause))
    }
}

/// Reads a manifest. `format`: what its lines look like, if they are not to tell themselves.
///
/// # Errors
/// [`Error::Manifest`] for a line that is malformed; when it cannot be read; when the context says stop.
pub(crate) fn read(
    source: &Source,
    format: Option<Format>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Table> {
    let mut reader = source.content(options)?.open(1)?;
    from_reader(&mut *reader, source.name(), format, context)
}

/// The same for one that is open.
///
/// # Errors
/// Those of [`read`].
pub(crate) fn from_reader(
    reader: &mut dyn Reader,
    name: &Name,
    format: Option<Format>,
    context: &Context<'_>,
) -> Result<Table> {
    let whole = name.bytes();
    let file_name = whole.rsplit(|&byte| byte == b'/').next().unwrap_or(&whole);
    let mut parsing = Parsing {
        parser: None,
        is_bagit: is_bagit(file_name),
        named: Algorithm::of_file(file_name),
        table: Table::new(name.clone()),
    };
    parsing.parser = format.map(|format| parsing.parser(format));
    let mut lines = Lines::new(name);
    let mut line = |number, line: &[u8]| parsing.line(number, line);
    while !reader.prepare()? {
        context.checkpoint()?;
    }
    loop {
        context.checkpoint()?;
        let taken = match reader.chunk()? {
            Chunk::Bytes(bytes) => {
                let bytes = &bytes[..bytes.len().min(64 << 10)];
                lines.add(bytes, &mut line)?;
                bytes.len() as u64
            }
            // A manifest with a hole in it: no line has NULs, and the first of them refuses it.
            Chunk::Zeros(zeros) => {
                lines.add(&[0], &mut line)?;
                zeros.min(1)
            }
            Chunk::Waiting => continue,
            Chunk::End => break,
        };
        reader.consume(taken);
    }
    reader.verify()?;
    lines.finish(&mut line)?;
    if let Some(Parser::Record(fields)) = &parsing.parser
        && fields.is_open()
    {
        return Err(Error::manifest(name, u32::MAX, "ends amid a quoted field"));
    }
    parsing.table.finish(context)
}

#[cfg(test)]
mod tests {
    use super::looks_like_one;

    #[test]
    fn the_first_line_tells_a_manifest() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        for start in [
            format!("{md5}  a\n"),
            format!("\u{feff}{md5} *a\r\nnonsense"),
            format!("# made by hand\n\n{md5}  a"),
            format!("MD5 (a) = {md5}\n"),
            "%%%% HASHDEEP-1.0\n".to_owned(),
            "a,,\n".to_owned(),
        ] {
            assert!(looks_like_one(start.as_bytes()), "{start:?}");
        }
        for start in [
            String::new(),
            "# only a comment\n".to_owned(),
            "#mtree\n. type=dir\n".to_owned(),
            "one, two and three\n".to_owned(),
            // A tar whose first entry has such a name.
            format!("{md5}  a\0\0\0\0000644\0"),
        ] {
            assert!(!looks_like_one(start.as_bytes()), "{start:?}");
        }
    }
}
