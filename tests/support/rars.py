"""RAR archives made block by block, with stored entries: no free program writes them."""

from __future__ import annotations

import hashlib
import struct
import zlib

#: Kinds of references in RAR 5.
UNIX_LINK, WINDOWS_LINK, JUNCTION, HARD_LINK, COPY = range(1, 6)


def number(value: int) -> bytes:
    """Write a number as RAR 5 does: seven bits a byte."""
    written = b""
    while value > 0x7F:
        written += bytes([value & 0x7F | 0x80])
        value >>= 7
    return written + bytes([value])


def numbers(*values: int) -> bytes:
    """Write several numbers."""
    return b"".join(map(number, values))


def block(body: bytes) -> bytes:
    """Make a block of RAR 5: its checksum, its length, and what is in it."""
    header = number(len(body)) + body
    return struct.pack("<L", zlib.crc32(header)) + header


def file(
    name: str,
    content: bytes = b"",
    *,
    reference: tuple[int, str] | None = None,
    size: int | None = None,
    flags: int = 0,
) -> bytes:
    """Make an entry of RAR 5: a file, or a reference to another one."""
    records = b""
    if reference is not None:
        kind, target = reference
        record = numbers(5, kind, 0, len(target.encode())) + target.encode()
        records = number(len(record)) + record
    written = name.encode()
    body = numbers(2, flags | (3 if records else 2)) + (number(len(records)) if records else b"")
    body += numbers(len(content), 4, len(content) if size is None else size, 0o100644)
    body += struct.pack("<L", zlib.crc32(content))
    return block(body + numbers(0, 1, len(written)) + written + records) + content


def digested(name: str, content: bytes, digest: bytes) -> bytes:
    """Make an entry of RAR 5 for a file with a BLAKE2sp digest and no CRC-32."""
    written, record = name.encode(), numbers(2, 0) + digest
    records = number(len(record)) + record
    body = numbers(2, 3, len(records), len(content), 0, len(content), 0o100644, 0, 1, len(written))
    return block(body + written + records) + content


def blake2sp(content: bytes) -> bytes:
    """Compute BLAKE2sp: of eight leaves of BLAKE2s, which take 64 bytes in turn, and their root."""
    leaves = [b""] * 8
    for index, at in enumerate(range(0, len(content), 64)):
        leaves[index % 8] += content[at : at + 64]
    digests = [
        hashlib.blake2s(
            leaf, fanout=8, depth=2, inner_size=32, node_offset=index, last_node=index == 7
        ).digest()
        for index, leaf in enumerate(leaves)
    ]
    root = hashlib.blake2s(
        b"".join(digests), fanout=8, depth=2, inner_size=32, node_depth=1, last_node=True
    )
    return root.digest()


def directory(name: str, *, has_data_area: bool = True) -> bytes:
    """Make an entry of RAR 5 for a directory."""
    written = name.encode()
    area = (2, 0) if has_data_area else (0,)
    return block(numbers(2, *area, 1, 0, 0o40755, 0, 1, len(written)) + written)


MARK = b"Rar!\x1a\x07\x01\0"
START = MARK + block(numbers(1, 0, 0))
END = block(numbers(5, 0, 0))


def rar5(*entries: bytes) -> bytes:
    """Make an archive of RAR 5."""
    return START + b"".join(entries) + END


def old_block(kind: int, flags: int, rest: bytes = b"") -> bytes:
    """Make a block of RAR 1.5 to 4: its checksum, its kind, flags, length, and what is in it."""
    body = struct.pack("<B2H", kind, flags, 7 + len(rest)) + rest
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def old_file(name: str, content: bytes = b"", *, needs: int = 29, flags: int = 0) -> bytes:
    """Make a file of RAR 1.5 to 4, which `needs` this version, ten times, to be unpacked."""
    written = name.encode()
    rest = struct.pack(
        "<2LB2L2BHL",
        len(content),
        len(content),
        3,
        zlib.crc32(content),
        0x58210000,
        needs,
        0x30,
        len(written),
        0o100644,
    )
    return old_block(0x74, 0x8000 | flags, rest + written) + content


OLD_MARK = b"Rar!\x1a\x07\0"
OLD_START = OLD_MARK + old_block(0x73, 0, bytes(6))
OLD_END = old_block(0x7B, 0x4000)


def rar4(*entries: bytes, end: bytes = OLD_END) -> bytes:
    """Make an archive of RAR 1.5 to 4."""
    return OLD_START + b"".join(entries) + end
