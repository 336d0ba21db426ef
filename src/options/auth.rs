//! What is sent with a request to show who asks: a user with a password, or a token.

use std::fmt;

use super::value::{Field, Value, unfit};
use crate::error::{Error, Result};

/// What is sent with a request to show who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// A user and a password: as Basic (RFC 7617), or as Digest (RFC 7616) where the server asks for that.
    Password(String, String),
    /// A bearer token (RFC 6750).
    Bearer(String),
}

/// Shows what it is, and nothing of it.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(..) => "Password(***)",
            Self::Bearer(_) => "Bearer(***)",
        })
    }
}

impl Field for Auth {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(token) => Ok(Self::Bearer(token)),
            Value::Texts(texts) => match <[String; 2]>::try_from(texts) {
                Ok([user, password]) => Ok(Self::Password(user, password)),
                Err(_) => Err(unfit()),
            },
            _ => Err(unfit()),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Password(user, password) => Value::Texts(vec![user.clone(), password.clone()]),
            Self::Bearer(token) => Value::Text(token.clone()),
        }
    }
}

/// Refuses what cannot be sent, without showing any of it.
pub(super) fn check(name: &str, value: &Value) -> Result<()> {
    let broken = |text: &str| text.contains(['\r', '\n', '\0']);
    let refused = match value {
        Value::Text(token) if token.is_empty() => "cannot be empty",
        // `user:password`, or a whole header, would be sent as a token, in clear.
        Value::Text(token) if token.contains(':') => {
            "as a text is a bearer token, which has no ':'; a user and a password are a tuple"
        }
        Value::Text(token) if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            "as a text is a bearer token alone, without spaces and of ASCII"
        }
        Value::Texts(texts) if texts.len() != 2 => "must be a tuple of a user and a password",
        Value::Texts(texts) if texts.iter().any(|text| broken(text)) => {
            "must not contain CR, LF or NUL"
        }
        // RFC 7617, section 2: what follows the first colon is the password.
        Value::Texts(texts) if texts[0].contains(':') => {
            "has a user with ':', which Basic cannot send"
        }
        _ => return Ok(()),
    };
    Err(Error::Argument(format!("{name} {refused}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_refused_and_not_shown() {
        let texts = |user: &str, password: &str| Value::Texts(vec![user.into(), password.into()]);
        let text = |text: &str| Value::Text(text.to_owned());
        for bad in [
            text(""),
            text("me:S3cr3t"),
            text("Bearer S3cr3t"),
            text("S3cr3t\n"),
            text("S3cr3t\u{e9}"),
            texts("me", "S3cr3t\r\nX: y"),
            texts("me:S3cr3t", "x"),
            texts("S3cr3t\0", "x"),
            Value::Texts(vec!["S3cr3t".to_owned()]),
        ] {
            let refused = check("auth", &bad).expect_err("it cannot be sent").to_string();
            assert!(refused.starts_with("auth ") && !refused.contains("S3cr3t"), "{refused}");
        }
        for good in [text("a.b-c_d~e+f/g="), texts("me", "p:w \u{e9}"), texts("", "")] {
            assert_eq!(check("auth", &good), Ok(()));
        }
    }
}
