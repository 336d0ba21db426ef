//! What shows that a file changed while it was compared.

/// What shows that a file changed while it was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DetectChanges {
    /// The time of the last change of its inode, and all that [`Mtime`](Self::Mtime) looks at.
    #[default]
    Ctime,
    /// The time of the last change of its content, its size, and whether it is still the same file.
    Mtime,
    /// Only its size.
    Size,
}

impl DetectChanges {
    /// All of them, the strictest first.
    pub const ALL: [Self; 3] = [Self::Ctime, Self::Mtime, Self::Size];

    /// Their names, in the same order.
    pub const NAMES: [&str; 3] = [Self::Ctime.name(), Self::Mtime.name(), Self::Size.name()];

    /// The one that users call `name`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What users call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ctime => "ctime",
            Self::Mtime => "mtime",
            Self::Size => "size",
        }
    }
}
