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

impl OnError {
    /// The names of both.
    pub const NAMES: [&str; 2] = [Self::Report.name(), Self::Raise.name()];

    /// The one that users call `name`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Report, Self::Raise].into_iter().find(|choice| choice.name() == name)
    }

    /// What users call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Raise => "raise",
        }
    }
}
