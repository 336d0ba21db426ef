//! The certificate that a request shows to its server.

use std::path::PathBuf;

use super::value::{Field, Value, unfit};
use crate::error::Result;

/// The certificate that a request shows to its server, and where its key is: in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCert {
    /// The file of the certificate, with those between it and an authority.
    pub certificate: PathBuf,
    /// The file of its key, if that is another.
    pub key: Option<PathBuf>,
}

impl Field for ClientCert {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Path(certificate) => Ok(Self { certificate, key: None }),
            Value::Paths(paths) => match <[PathBuf; 2]>::try_from(paths) {
                Ok([certificate, key]) => Ok(Self { certificate, key: Some(key) }),
                Err(_) => Err(unfit()),
            },
            _ => Err(unfit()),
        }
    }

    fn to_value(&self) -> Value {
        match &self.key {
            None => Value::Path(self.certificate.clone()),
            Some(key) => Value::Paths(vec![self.certificate.clone(), key.clone()]),
        }
    }
}
