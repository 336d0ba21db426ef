//! RAR: a chain of blocks, each with a header that has a checksum and says how much data follows it. An end
//! block ends the chain. What stands in front of the mark, a program that unpacks itself, belongs to no block.

mod directories;
mod five;
mod four;
mod reasons;
mod vint;

pub(crate) use self::directories::WithoutDirectories;
pub(crate) use self::five::Rar5;
pub(crate) use self::four::Rar4;
