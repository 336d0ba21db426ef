"""Zips made piece by piece, so that any piece of them can be wrong."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

HEADER = struct.Struct("<4s5H3L2H")
RECORD = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LARGE_END = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")

STORED, DEFLATED = 0, 8


def extra(kind: int, content: bytes = b"") -> bytes:
    """Make an extra field."""
    return struct.pack("<2H", kind, len(content)) + content


@dataclass
class Entry:
    """A file, and what its header and its record in the index say of it that is not the truth."""

    name: str
    content: bytes = b""
    method: int = DEFLATED
    flags: int = 0
    made_by: int = 3
    mode: int = 0o100644
    header_extra: bytes = b""
    record_extra: bytes = b""
    #: What follows the content: a data descriptor, or nothing that counts.
    behind: bytes = b""
    header: dict[str, int] = field(default_factory=dict)
    record: dict[str, int] = field(default_factory=dict)

    def _packed(self) -> bytes:
        if self.method != DEFLATED:
            return self.content
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(self.content) + packer.flush()

    def _numbers(self, lies: dict[str, int]) -> tuple[int, ...]:
        truth = {
            "flags": self.flags,
            "method": self.method,
            "checksum": zlib.crc32(self.content),
            "packed": len(self._packed()),
            "size": len(self.content),
        }
        flags, method, *sizes = (truth | lies).values()
        # Neither date is any.
        return flags, method, 0, 0, *sizes

    def stored(self) -> bytes:
        """Make the header and the content."""
        numbers, name = self._numbers(self.header), self.name.encode()
        lengths = len(name), len(self.header_extra)
        header = HEADER.pack(b"PK\3\4", 20, *numbers, *lengths)
        return header + name + self.header_extra + self._packed() + self.behind

    def indexed(self, offset: int) -> bytes:
        """Make the record in the index."""
        numbers, name = self._numbers(self.record), self.name.encode()
        lengths = len(name), len(self.record_extra), 0
        offset = self.record.get("offset", offset)
        numbers = numbers[:7]
        record = RECORD.pack(
            b"PK\1\2", self.made_by << 8, 20, *numbers, *lengths, 0, 0, self.mode << 16, offset
        )
        return record + name + self.record_extra


def body(*entries: Entry, offset: int = 0) -> tuple[bytes, bytes]:
    """Make the contents and the index of a zip that begins at this offset."""
    contents, index = b"", b""
    for entry in entries:
        index += entry.indexed(offset + len(contents))
        contents += entry.stored()
    return contents, index


def end(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    """Make the record at the end."""
    return END.pack(b"PK\5\6", 0, 0, count, count, size, offset, len(comment)) + comment


def large_end(count: int, size: int, offset: int, *, length: int = 44, here: int = -1) -> bytes:
    """Make the record at the end for large numbers."""
    here = count if here < 0 else here
    return LARGE_END.pack(b"PK\6\6", length, 45, 45, 0, 0, here, count, size, offset)


def locator(offset: int, *, disk: int = 0, disks: int = 1) -> bytes:
    """Make what leads to the record for large numbers."""
    return LOCATOR.pack(b"PK\6\7", disk, offset, disks)


def made(*entries: Entry, comment: bytes = b"") -> bytes:
    """Make a zip of the ordinary form."""
    contents, index = body(*entries)
    return contents + index + end(len(entries), len(index), len(contents), comment)


def large(
    *entries: Entry, disks: int = 1, disk: int = 0, here: int = -1, length: int = 44
) -> bytes:
    """Make a zip that has the record for large numbers."""
    contents, index = body(*entries)
    at = len(contents) + len(index)
    numbers = len(entries), len(index), len(contents)
    return (
        contents
        + index
        + large_end(*numbers, length=length, here=here)
        + locator(at, disk=disk, disks=disks)
        + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    )
