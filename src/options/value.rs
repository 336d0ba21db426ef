//! Values of options as they come from outside and go there, whatever the type of the option's own field.

use std::path::PathBuf;
use std::time::Duration;

use super::{DetectChanges, Isolate, OnError};
use crate::error::{Error, Result};
use crate::ignore::{Ignore, Only};

/// A value of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// None: no limit, nothing chosen.
    Nothing,
    /// Yes or no.
    Switch(bool),
    /// An integer; one beyond 64 bits is the nearest that is not.
    Integer(i64),
    /// A number, or seconds.
    Number(f64),
    /// A text.
    Text(String),
    /// Several texts, in order.
    Texts(Vec<String>),
    /// Where a file is.
    Path(PathBuf),
    /// Where several files are, in order.
    Paths(Vec<PathBuf>),
    /// Names with their values, in order.
    Pairs(Vec<(String, String)>),
}

/// The type of an option's field.
pub(super) trait Field: Sized {
    /// Takes a value that was checked.
    fn from_value(value: Value) -> Result<Self>;

    fn to_value(&self) -> Value;
}

/// The option's kind in the table does not go with the type of its field, which a test would have told.
pub(super) fn unfit() -> Error {
    Error::Argument("an option has a value of another type".to_owned())
}

/// Fields whose values are those of one variant.
macro_rules! fields {
    ($($type:ty: $variant:ident, $from:expr, $to:expr;)+) => {$(
        impl Field for $type {
            fn from_value(value: Value) -> Result<Self> {
                match value {
                    Value::$variant(value) => $from(value),
                    _ => Err(unfit()),
                }
            }

            fn to_value(&self) -> Value {
                Value::$variant($to(self))
            }
        }
    )+};
}

fields! {
    bool: Switch, Ok, bool::clone;
    usize: Integer, |value| Self::try_from(value).map_err(|_| unfit()), |&value| clamped(value);
    u64: Integer, |value| Self::try_from(value).map_err(|_| unfit()), |&value| clamped(value);
    f64: Number, Ok, f64::clone;
    Duration: Number, |value| Ok(duration(value)), Duration::as_secs_f64;
    String: Text, Ok, String::clone;
    PathBuf: Path, Ok, PathBuf::clone;
    DetectChanges: Text, |value: String| Self::of(&value).ok_or_else(unfit), |value: &Self| value.name().to_owned();
    Isolate: Text, |value: String| Self::of(&value).ok_or_else(unfit), |value: &Self| value.name().to_owned();
    OnError: Text, |value: String| Self::of(&value).ok_or_else(unfit), |value: &Self| value.name().to_owned();
    Only: Texts, Self::new, |value: &Self| value.patterns().to_vec();
    Ignore: Texts, Self::new, |value: &Self| value.patterns().to_vec();
}

impl<T: Field> Field for Option<T> {
    fn from_value(value: Value) -> Result<Self> {
        if value == Value::Nothing { Ok(None) } else { T::from_value(value).map(Some) }
    }

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, T::to_value)
    }
}

/// None of them is the same as nothing.
impl Field for Vec<(String, String)> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Nothing => Ok(Self::new()),
            Value::Pairs(pairs) => Ok(pairs),
            _ => Err(unfit()),
        }
    }

    fn to_value(&self) -> Value {
        Value::Pairs(self.clone())
    }
}

fn clamped(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// Too long for a Duration (584 billion years, or infinity): the longest there is. Below a nanosecond: the
/// shortest that is positive.
fn duration(seconds: f64) -> Duration {
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    duration.max(Duration::from_nanos(1))
}
