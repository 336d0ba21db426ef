//! Two archives, as their user named them: paths or URLs, each of which may have to be read twice.

pub(crate) mod again;
pub(crate) mod channel;
pub(crate) mod cursor;
pub(crate) mod decide;
pub(crate) mod differences;
pub(crate) mod direct;
pub(crate) mod lockstep;
pub(crate) mod passes;
pub(crate) mod resolve;
pub(crate) mod send;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::archive::input::{Bytes, Origin};
use crate::archive::opening::Opening;
use crate::content::Reader;
use crate::content::file::FileReader;
use crate::content::object::anywhere::ObjectAnywhere;
use crate::content::object::asked::Object;
use crate::content::object::reader::ObjectReader;
use crate::content::url::HttpReader;
use crate::content::url::ranges::Remote;
use crate::engine;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{Proof, TreeOutcome};
use crate::run::collect::Collector;
use crate::run::context::Context;
use crate::run::sink::{Report, Sink, report};
use crate::source::Source;
use crate::sys::lock::lock;

/// Compares all entries of two archives.
///
/// Of two archive files with the same bytes, or two paths to one file, only one is unpacked.
///
/// # Errors
/// When either is no archive, damaged, encrypted, or passes a limit; when the context says stop. What
/// cannot be compared within them is a finding.
pub fn compare_archive(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let collector = Collector::default();
    let complete = report_archive(a, b, options, &collector, context)?;
    collector.outcome(complete, context)
}

/// The same, with a sink that takes what is found: when all entries of both have passed. False where the
/// comparison ended with the last of the findings that it was to find.
///
/// # Errors
/// Those of [`compare_archive`].
pub fn report_archive(
    a: &Source,
    b: &Source,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    let plain = |source| GivenArchive { source, opening: Opening::PLAIN };
    report_archives(plain(a), plain(b), options, sink, context)
}

/// An archive, as it was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenArchive<'g> {
    pub(crate) source: &'g Source,
    pub(crate) opening: &'g Opening,
}

/// The same for archives of which only a part may count.
///
/// # Errors
/// Those of [`compare_archive`].
pub(crate) fn report_archives(
    a: GivenArchive<'_>,
    b: GivenArchive<'_>,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    options.refuse_ignore_case()?;
    context.checkpoint()?;
    report(sink, options.early_end(), context, |report, context| {
        engine::until_quiet(options.retries(), context, || {
            compare_once(a, b, options, report, context)
        })
    })
}

fn compare_once(
    a: GivenArchive<'_>,
    b: GivenArchive<'_>,
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let (mut a, mut b) = (Archive::look(a, options)?, Archive::look(b, options)?);
    if a.opening == b.opening
        && let (Some(one), Some(other)) = (&mut a.file, &mut b.file)
        && let Some(same) = known_to_be_same(one, other, options, context)?
    {
        return passes::examine(&a, same, options, report, context);
    }
    // Two URLs may be of one server, which answers one request at a time.
    if !(a.source.is_url() && b.source.is_url()) {
        return passes::compare(&a, &b, options, report, context);
    }
    if both_answer(&mut a, &mut b, context)? {
        let compared = passes::compare(&a, &b, options, report, context);
        let one_at_a_time = a.is_passed_over() || b.is_passed_over();
        if compared.is_ok() || !one_at_a_time {
            return compared;
        }
        (a, b) = (Archive::look(a.given(), options)?, Archive::look(b.given(), options)?);
    }
    passes::compare_in_turn(&a, &b, options, report, context)
}

/// Asks for two URLs. False if their server answers one request at a time, and so they cannot be read side
/// by side.
fn both_answer<'s>(
    a: &mut Archive<'s>,
    b: &mut Archive<'s>,
    context: &Context<'_>,
) -> Result<bool> {
    let (mut one, mut other) = (a.ask()?, b.ask()?);
    let answered = engine::wait_for_both(&mut *one, &mut *other, context)?;
    if answered {
        let one_server = one.server() == other.server();
        for (archive, reader) in [(a, one), (b, other)] {
            archive.passed_over = one_server.then(AtomicBool::default);
            *lock(&archive.asked) = Some(reader);
        }
    }
    Ok(answered)
}

/// How it is known that two files have the same bytes, if they do. `None` also where that cannot be told without
/// reading a file that can be read only once.
fn known_to_be_same(
    a: &mut FileReader,
    b: &mut FileReader,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<Proof>> {
    if a.is_same_file(b) {
        return Ok(Some(Proof::SameFile));
    }
    if a.as_random().is_none() || b.as_random().is_none() {
        return Ok(None);
    }
    let options = Options { size_precheck: true, quick_check: true, ..options.clone() };
    // What counts are the bytes of the entries.
    let part = context.call().uncounted_part();
    let difference = engine::compare(a, b, &options, &context.within(&part))?;
    Ok(difference.is_none().then_some(Proof::Bytes))
}

/// An archive in a file of this machine, which is open, or at a URL.
pub(crate) struct Archive<'s> {
    source: &'s Source,
    opening: &'s Opening,
    options: &'s Options,
    file: Option<FileReader>,
    /// A request that has been answered, and not been read.
    asked: Mutex<Option<Box<HttpReader>>>,
    /// For two archives of one server: has it let this one wait?
    passed_over: Option<AtomicBool>,
}

impl<'s> Archive<'s> {
    pub(crate) fn look(given: GivenArchive<'s>, options: &'s Options) -> Result<Self> {
        let GivenArchive { source, opening } = given;
        let content = source.content(options).map_err(|error| match error {
            // It is there, and no file.
            Error::Read { name, cause, errno, .. } => Error::Archive { name, cause, errno },
            other => other,
        })?;
        let file = content.file().cloned().map(FileReader::open_located).transpose()?;
        let asked = Mutex::default();
        Ok(Self { source, opening, options, file, asked, passed_over: None })
    }

    fn given(&self) -> GivenArchive<'s> {
        GivenArchive { source: self.source, opening: self.opening }
    }

    fn is_passed_over(&self) -> bool {
        self.passed_over.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Sends a request to the URL, and does not wait.
    fn ask(&self) -> Result<Box<HttpReader>> {
        self.source.fetch(self.options, 2).map(Box::new)
    }

    /// The bytes at a URL, when the server has begun to answer.
    fn fetch<'c>(&'c self, context: &Context<'c>) -> Result<Bytes<'c>> {
        let asked = lock(&self.asked).take();
        let mut reader = asked.map_or_else(|| self.ask(), Ok)?;
        while !reader.prepare()? {
            context.checkpoint()?;
        }
        Ok(match Remote::new(reader, context.call(), self.passed_over.as_ref()) {
            Ok(remote) => Bytes::Anywhere(Box::new(remote)),
            Err(reader) => Bytes::Stream(reader, "the server has no Range requests"),
        })
    }
}

/// The bytes of an object, when it is open.
fn open_object<'c>(object: &Arc<Object>, name: &Name, context: &Context<'c>) -> Result<Bytes<'c>> {
    let mut reader = ObjectReader::open(object, name, true)?;
    while !reader.prepare()? {
        context.checkpoint()?;
    }
    Ok(match ObjectAnywhere::of(reader, context.call()) {
        Ok(anywhere) => Bytes::Anywhere(Box::new(anywhere)),
        Err(reader) => Bytes::Stream(reader, "this object cannot seek"),
    })
}

impl Origin for Archive<'_> {
    fn name(&self) -> &Name {
        self.source.name()
    }

    fn opening(&self) -> &Opening {
        self.opening
    }

    fn open<'c>(&'c self, context: &Context<'c>) -> Result<Bytes<'c>> {
        if let Some(memory) = self.source.in_memory() {
            return Ok(Bytes::Anywhere(Box::new(memory)));
        }
        if let Some(object) = self.source.as_object() {
            return open_object(object, self.source.name(), context);
        }
        if self.source.is_stream() || self.source.is_undone() {
            let why =
                if self.source.is_stream() { "it is a pipe" } else { "it is undone as it is read" };
            let stream = self.source.content(self.options)?.open(2)?;
            return Ok(Bytes::Stream(stream, why));
        }
        let Some(file) = &self.file else { return self.fetch(context) };
        if file.as_random().is_some() {
            return Ok(Bytes::Anywhere(Box::new(file)));
        }
        let again = self.source.content(self.options)?.open(2)?;
        Ok(Bytes::Stream(again, "this file has no size"))
    }

    fn verify(&self) -> Result<()> {
        self.file.as_ref().map_or(Ok(()), Reader::verify)
    }
}
