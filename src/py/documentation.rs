//! Signatures and docstrings of the public functions, made of their descriptions and the table of options.

use std::ffi::CString;

use super::config;
use super::public::Public;
use crate::options::{Layer, Options, Row, TABLE, Topic, Value};

/// Letters of a line, with the indentation that stubs add.
const WIDTH: usize = 96;

/// Said of every function, above its arguments.
const OPTIONS: &str = "\
Options that are not given have their configured value; the signature shows the one that they
have where nothing was configured.";

/// The name of a function, and its signature and docstring as Python reads them. Only the form that users
/// call has these; the others have a `suffix` each.
pub(super) fn of(public: &Public, suffix: &str) -> (CString, CString) {
    let name = format!("{}{suffix}", public.name);
    if !suffix.is_empty() {
        return (c_string(name), CString::default());
    }
    let (parameters, defaults) = (public.parameters.iter(), Options::default());
    let parameters = parameters.map(|parameter| parameter.name.to_owned());
    let default = |row: &Row| literal(&(row.value)(&defaults));
    let options = public.function.options().into_iter();
    let options = options.map(|row| format!("{}={}", row.name, default(row)));
    let extras = public.extras.iter().map(|extra| format!("{}={}", extra.name, extra.default));
    let all: Vec<_> = parameters.chain(["*".to_owned()]).chain(options).chain(extras).collect();
    let text = format!("{name}({})\n--\n\n{}", all.join(", "), docstring(public));
    (c_string(name), c_string(text))
}

/// The same for `configure`, whose options stay as they are unless they are given.
pub(super) fn of_configure() -> (CString, CString) {
    let rows = TABLE.iter().filter(|row| row.layers.contains(&Layer::Configure));
    let options: Vec<_> = rows.map(|row| format!("{}=...", row.name)).collect();
    let text = format!("configure(*, {})\n--\n\n{}", options.join(", "), config::ABOUT);
    (c_string("configure".to_owned()), c_string(text))
}

fn c_string(text: String) -> CString {
    CString::new(text).expect("documentation has no NUL")
}

fn docstring(public: &Public) -> String {
    let mut text = format!("{}\n\n{OPTIONS}\n\nArgs:\n", public.about.trim());
    for parameter in public.parameters {
        text += &argument(parameter.name, parameter.about);
    }
    let defaults = Options::default();
    for row in public.function.options() {
        let sentence = match row.topic {
            Topic::Urls => format!("URLs: {}", uncapitalized(&row.sentence())),
            Topic::Comparing | Topic::Directories | Topic::Archives => row.sentence(),
        };
        let about = format!("{sentence} Default `{}`.", literal(&(row.value)(&defaults)));
        text += &argument(row.name, &about);
    }
    for extra in public.extras {
        let about = format!("{} Default `{}`.", extra.about, extra.default);
        text += &argument(extra.name, &about);
    }
    text + "\n" + public.outcome.trim()
}

/// A sentence as it goes on behind a colon.
fn uncapitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

/// An argument with what it is, in lines of bounded length.
fn argument(name: &str, about: &str) -> String {
    let mut text = format!("    {name}:");
    let mut column = text.len();
    for word in about.split_whitespace() {
        let letters = word.chars().count();
        if column + 1 + letters > WIDTH {
            text.push_str("\n       ");
            column = 7;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + letters;
    }
    text + "\n"
}

/// A value of an option as Python writes it.
fn literal(value: &Value) -> String {
    match value {
        Value::Nothing => "None".to_owned(),
        Value::Switch(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => format!("{value:?}"),
        Value::Text(value) => format!("'{value}'"),
        Value::Texts(values) => format!("({})", values.join(", ")),
        Value::Pairs(_) => "{}".to_owned(),
        // No default is one.
        Value::Path(_) | Value::Paths(_) => "...".to_owned(),
    }
}
