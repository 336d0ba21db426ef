//! What becomes of an entry that cannot be compared.

/// What becomes of an entry that cannot be compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// It is a finding, and the others are compared.
    #[default]
    Report,
    /// Its error ends the whole call, and is the call's.
    Raise,
}
