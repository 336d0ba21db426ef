"""The snapshot of the configuration."""

from komparu._shown import shown

# Type checkers take this as true, and editors as possible.
TYPE_CHECKING = __name__ == "typing"
if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    from komparu._records import dataclass, field

__all__ = ["KomparuConfig"]


@dataclass(frozen=True, slots=True, repr=False)
class KomparuConfig:
    """The options that hold where a call does not set them.

    Its repr masks user and password of the proxy, and what headers say.

    Attributes:
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB.
        size_precheck: Let two known, different sizes settle it without reading.
        quick_check: Compare samples before everything, where both sides can seek.
        max_workers: Comparisons at once within one call, at most 256; 0: as many as pay off.
        follow_symlinks: Directories: follow links. False: compare a link by its target.
        ignore: Directories: patterns with gitignore meaning.
        headers: HTTP request headers.
        timeout: Seconds to connect, and without a byte arriving.
        follow_redirects: Follow up to ten redirects.
        verify_ssl: Demand a valid certificate.
        proxy: http://, https://, socks5:// or socks5h://; None: the usual environment variables.
        allow_private_redirects: Let a redirect lead to a private, loopback or link-local address.
        block_private: Refuse such addresses for the first request too.
        decode_content: Undo a content coding that a server applied although it was asked not to.
            False: compare the bytes as they are sent.
        comparison_timeout: Seconds of wall clock for a whole call; None: no limit.
        max_decompressed_size: Bytes that may come out of compression or of holes in one archive;
            None: no limit.
        max_compression_ratio: Decompressed to compressed bytes of one archive, once 8 MiB have
            come out; None: no limit.
        max_archive_entries: Entries of one archive; None: no limit.
        max_entry_name_length: Bytes of one entry's name; None: no limit.
        hash_compare: Archives: compare entries by BLAKE3-256 instead of byte by byte.
        read_holes: Read the holes of sparse files, too. False: a hole whose first and last block
            read as zeros is taken for one.
        detect_changes: What shows that a file changed while it was compared: "ctime" (anything that
            was done to it), "mtime" (only its size, date and identity) or "size".
        ignore_zeros: Archives: read a tar on behind its end.

    """

    chunk_size: int = 65536
    size_precheck: bool = True
    quick_check: bool = True
    max_workers: int = 0
    follow_symlinks: bool = True
    ignore: tuple[str, ...] | None = None
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    timeout: float = 30.0
    follow_redirects: bool = True
    verify_ssl: bool = True
    proxy: str | None = None
    allow_private_redirects: bool = False
    block_private: bool = False
    decode_content: bool = True
    comparison_timeout: float | None = None
    max_decompressed_size: int | None = 1 << 30
    max_compression_ratio: float | None = 200.0
    max_archive_entries: int | None = 100_000
    max_entry_name_length: int | None = 4096
    hash_compare: bool = False
    read_holes: bool = False
    detect_changes: str = "ctime"
    ignore_zeros: bool = False

    def __repr__(self) -> str:
        """Show every option, secrets masked."""
        return shown(self, unset=True)
