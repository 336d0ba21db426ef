//! What the [table](super::table) says of an option: one [`Description`] for each.

use super::value::Value;
use crate::error::Result;

/// Everything about one option but the code that obeys it. `O` are all options, `S` some of them.
#[derive(Debug)]
pub struct Description<O, S> {
    /// What it is called everywhere; on the command line with dashes.
    pub name: &'static str,
    /// What it means, as lines of Markdown: for the documentation of everything that takes it.
    pub english: &'static [&'static str],
    /// The same in Russian, in one line.
    pub russian: &'static str,
    /// What its values are, and which are refused.
    pub kind: ValueKind,
    /// What it is about.
    pub topic: Topic,
    /// The functions that take it as an argument.
    pub functions: &'static [Function],
    /// What else may set it.
    pub layers: &'static [Layer],
    /// Its value among options.
    pub value: fn(&O) -> Value,
    /// Its value among some that may have it.
    pub given: fn(&S) -> Option<Value>,
    /// Sets a value that [`ValueKind::check`] allows.
    pub(super) set: fn(&mut S, Value) -> Result<()>,
}

impl<O, S> Description<O, S> {
    /// Checks a value, and sets it.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) with the option's name and what it must be.
    pub fn set(&self, overrides: &mut S, value: Value) -> Result<()> {
        self.kind.check(self.name, &value)?;
        (self.set)(overrides, value)
    }

    /// Does this function take it? One that compares trees of any kind takes what is taken for one of them.
    #[must_use]
    pub fn is_taken_by(&self, function: Function) -> bool {
        let takes = |function| self.functions.contains(&function);
        match function {
            Function::IterTrees | Function::CompareTrees => {
                [Function::CompareDir, Function::CompareArchive, Function::CompareDirUrls]
                    .into_iter()
                    .any(takes)
            }
            // It compares nothing.
            Function::WriteManifest => {
                let is_of_pairs = [
                    "size_precheck",
                    "quick_check",
                    "hash_compare",
                    "where",
                    "context",
                    "max_differences",
                    "on_error",
                    "one_way",
                    "ignore_case",
                    "moves",
                ]
                .contains(&self.name);
                !is_of_pairs && self.is_taken_by(Function::CompareTrees)
            }
            function => takes(function),
        }
    }

    /// What it means, in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let lines: Vec<_> = self.english.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }
}

/// What the values of an option are, and which of them are refused: see `check.rs` for how.
#[derive(Debug, Clone, Copy)]
pub enum ValueKind {
    /// Yes or no.
    Switch,
    /// An integer within these limits, which belong to it.
    Integer(i64, i64),
    /// A number of bytes, at least one. The most is named, too.
    Bytes(i64, &'static str),
    /// An integer that is positive, or no limit.
    Limit,
    /// A number that is positive, or no limit.
    Ratio,
    /// A length of time, which is positive.
    Seconds,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// The URL of a proxy.
    Proxy,
    /// Names and values of request headers.
    Headers,
    /// A user with a password, or a bearer token.
    Auth,
    /// Where a file or a directory is.
    Path,
    /// The file of a certificate, or that and the file of its key.
    ClientCert,
    /// Patterns with gitignore meaning.
    Patterns,
    /// A value of another kind, or none.
    OrNone(&'static ValueKind),
}

/// What an option is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Comparisons of every kind.
    Comparing,
    /// Directories.
    Directories,
    /// Archives.
    Archives,
    /// URLs.
    Urls,
}

/// A public function that compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the function of its name")]
pub enum Function {
    Compare,
    FirstDifference,
    CompareDir,
    CompareArchive,
    CompareAll,
    CompareMany,
    CompareDirUrls,
    CompareTrees,
    IterTrees,
    WriteManifest,
}

/// What can set an option, apart from a call. Later ones go before earlier ones, the call before all but
/// [`Source`](Self::Source).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The configuration of the process.
    Configure,
    /// One source, for itself.
    Source,
}
