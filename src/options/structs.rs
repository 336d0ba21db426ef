//! What becomes of the rows of the [table](super::table): the structs that the core obeys, [`Overrides`],
//! and the rows themselves, as [`TABLE`](super::TABLE).

/// Makes all of it. A row is
///
/// ```text
/// /// What it means.
/// place name: type = default => { what else a `Row` says of it };
/// ```
///
/// and its place is the struct that has it as a field: `general` is `Options` itself.
macro_rules! options {
    // A row is put to those of its place, and to all.
    (@sort [$($general:tt)*] $files:tt $http:tt $limits:tt [$($all:tt)*]
        $(#[doc = $doc:literal])+ general $name:ident: $type:ty = $default:expr => $row:tt;
        $($rest:tt)*
    ) => {
        options! { @sort
            [$($general)* $(#[doc = $doc])+ $name: $type = $default;] $files $http $limits
            [$($all)* $(#[doc = $doc])+ ($name) $name: $type => $row;]
            $($rest)*
        }
    };
    (@sort $general:tt [$($files:tt)*] $http:tt $limits:tt [$($all:tt)*]
        $(#[doc = $doc:literal])+ files $name:ident: $type:ty = $default:expr => $row:tt;
        $($rest:tt)*
    ) => {
        options! { @sort
            $general [$($files)* $(#[doc = $doc])+ $name: $type = $default;] $http $limits
            [$($all)* $(#[doc = $doc])+ (files.$name) $name: $type => $row;]
            $($rest)*
        }
    };
    (@sort $general:tt $files:tt [$($http:tt)*] $limits:tt [$($all:tt)*]
        $(#[doc = $doc:literal])+ http $name:ident: $type:ty = $default:expr => $row:tt;
        $($rest:tt)*
    ) => {
        options! { @sort
            $general $files [$($http)* $(#[doc = $doc])+ $name: $type = $default;] $limits
            [$($all)* $(#[doc = $doc])+ (http.$name) $name: $type => $row;]
            $($rest)*
        }
    };
    (@sort $general:tt $files:tt $http:tt [$($limits:tt)*] [$($all:tt)*]
        $(#[doc = $doc:literal])+ limits $name:ident: $type:ty = $default:expr => $row:tt;
        $($rest:tt)*
    ) => {
        options! { @sort
            $general $files $http [$($limits)* $(#[doc = $doc])+ $name: $type = $default;]
            [$($all)* $(#[doc = $doc])+ (limits.$name) $name: $type => $row;]
            $($rest)*
        }
    };
    (@sort $general:tt $files:tt $http:tt $limits:tt
        [$($(#[doc = $doc:literal])+ ($($place:tt)+) $name:ident: $type:ty => { $($row:tt)* };)+]
    ) => {
        options! { @struct
            /// Every option of every function, with its default.
            #[derive(Clone, PartialEq)]
            Options $general {
                /// How files of this machine are read.
                files: FileOptions = FileOptions::default(),
                /// How URLs are fetched.
                http: HttpOptions = HttpOptions::default(),
                /// What an archive may cost.
                limits: ArchiveLimits = ArchiveLimits::default(),
            } (files http limits)
        }
        options! { @struct
            /// How files of this machine are read.
            #[derive(Clone, Copy, PartialEq, Eq)]
            FileOptions $files {} ()
        }
        options! { @struct
            /// How URLs are fetched.
            #[derive(Clone, PartialEq)]
            HttpOptions $http {
                /// What the environment says of proxies and certificates. By default nothing: this crate never
                /// reads the variables of the process, since only the program knows when that is safe.
                environment: Arc<Environment> = Arc::default(),
            } ()
        }
        options! { @struct
            /// What an archive may cost; `None` is no limit.
            #[derive(Clone, PartialEq)]
            ArchiveLimits $limits {} ()
        }

        /// Some options; the others are unset, and `None`. What the configuration, a call or a source sets is
        /// one of these.
        #[derive(Clone, Default, PartialEq)]
        pub struct Overrides {
            $($(#[doc = $doc])+ pub $name: Option<$type>,)+
        }

        /// A row of the table.
        pub type Row = Description<Options, Overrides>;

        impl Row {
            /// The option of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<&'static Self> {
                TABLE.iter().find(|row| row.name == name)
            }
        }

        /// Shows what is set, but for secrets.
        impl fmt::Debug for Overrides {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct("Overrides");
                for row in TABLE {
                    if let Some(value) = (row.given)(self) {
                        shown.field(row.name, &Shown::new(Some(row.kind), value));
                    }
                }
                shown.finish_non_exhaustive()
            }
        }

        /// Every option, in the order in which signatures and tables have them.
        pub static TABLE: &[Row] = &[$(
            Description {
                name: plain(stringify!($name)),
                english: &[$($doc),+],
                value: |options| options.$($place)+.to_value(),
                given: |overrides| overrides.$name.as_ref().map(Field::to_value),
                set: |overrides, value| {
                    overrides.$name = Some(Field::from_value(value)?);
                    Ok(())
                },
                $($row)*
            },
        )+];
    };
    // A struct of the fields that have rows, of others, and of some that are such structs themselves.
    (@struct $(#[$about:meta])+ $struct:ident
        [$($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)*]
        {$($(#[$other_doc:meta])+ $other:ident: $other_type:ty = $other_default:expr,)*}
        ($($part:ident)*)
    ) => {
        $(#[$about])+
        pub struct $struct {
            $($(#[doc = $doc])+ #[doc = concat!("\n\nBy default `", stringify!($default), "`.")] pub $name: $type,)*
            $($(#[$other_doc])+ pub $other: $other_type,)*
        }

        impl Default for $struct {
            fn default() -> Self {
                Self { $($name: $default,)* $($other: $other_default,)* }
            }
        }

        impl $struct {
            /// Takes what is set: the one way in which one layer of options goes before another.
            pub fn apply(&mut self, overrides: &Overrides) {
                $(if let Some(value) = &overrides.$name {
                    self.$name.clone_from(value);
                })*
                $(self.$part.apply(overrides);)*
            }
        }

        /// Shows the options, but for secrets.
        impl fmt::Debug for $struct {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct(stringify!($struct));
                $(
                    let kind = Row::named(plain(stringify!($name))).map(|row| row.kind);
                    shown.field(plain(stringify!($name)), &Shown::new(kind, self.$name.to_value()));
                )*
                $(shown.field(stringify!($part), &self.$part);)*
                shown.finish()
            }
        }
    };
    ($($rows:tt)+) => { options! { @sort [] [] [] [] [] $($rows)+ } };
}
pub(super) use options;

/// The name of a field that Rust spells differently where it is a word of its own.
pub(super) const fn plain(name: &str) -> &str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
