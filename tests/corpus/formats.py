"""What a file is, as far as its first bytes and its name tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What is found beside archives, in the repositories of programs that read them.
_OTHERS = frozenset(
    [
        "1",
        "3",
        "5",
        "ac",
        "am",
        "c",
        "cc",
        "cfg",
        "cmake",
        "cpp",
        "cs",
        "csproj",
        "css",
        "editorconfig",
        "exp",
        "gif",
        "gitattributes",
        "gitignore",
        "go",
        "h",
        "hpp",
        "html",
        "ico",
        "idx",
        "in",
        "ini",
        "java",
        "jpg",
        "js",
        "json",
        "lock",
        "m4",
        "man",
        "md",
        "mdoc",
        "mtree",
        "options",
        "pack",
        "pl",
        "png",
        "props",
        "py",
        "rb",
        "rev",
        "rs",
        "rst",
        "sh",
        "sln",
        "svg",
        "test",
        "toml",
        "txt",
        "uu",
        "xml",
        "yaml",
        "yml",
    ]
)

#: Where a mark stands, the mark, and what has it.
_MARKS = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK00PK", "zip"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07\x01", "rar 5"),
    (0, b"Rar!\x1a\x07\x00", "rar 3"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"LZIP", "lzip"),
    (0, b"\x89LZO", "lzop"),
    (0, b"]\x00\x00", "lzma"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"!<arch>", "ar"),
    (0, b"0707", "cpio"),
    (0, b"\xc7\x71", "cpio"),
    (0, b"\x71\xc7", "cpio"),
    (0, b"xar!", "xar"),
    (0, b"MSCF", "cab"),
    (0, b"WARC/", "warc"),
    (2, b"-lh", "lha"),
    (2, b"-lz", "lha"),
    (257, b"ustar", "tar"),
    (32769, b"CD001", "iso"),
    (0, b"begin", "uu"),
)


def is_left_out(path: Path) -> bool:
    """Tell whether a file is sure to be no archive, or one of a repository's own."""
    return ".git" in path.parts or path.suffix[1:].lower() in _OTHERS or not path.suffix


def format_of(path: Path) -> str:
    """Name the format of a file."""
    with path.open("rb") as file:
        start = file.read(33 << 10)
    for place, mark, name in _MARKS:
        if start.startswith(mark, place):
            return name
    return "another"
