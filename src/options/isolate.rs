//! Which archives are read in a process of their own.

/// Which archives are read in a process of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Isolate {
    /// Those of formats that are not common.
    #[default]
    Auto,
    /// All.
    Always,
    /// None.
    Never,
}

impl Isolate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// Their names, in the same order.
    pub const NAMES: [&str; 3] = [Self::Auto.name(), Self::Always.name(), Self::Never.name()];

    /// The one that users call `name`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// What users call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}
