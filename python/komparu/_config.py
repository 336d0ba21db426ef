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

    Its repr masks user and password of the proxy, auth, and what headers say.

    Attributes:
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB.
        size_precheck: Let two known, different sizes settle it without reading.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB.
        follow_symlinks: Directories: follow links, and cut a loop where it closes. `False`: compare
            a link by its target text.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread.
        ignore: Directories: patterns with gitignore meaning, for entries to leave out on both
            sides; what is ignored is never read, nor fetched; in an archive it is unpacked past.
        only: Directories: patterns with gitignore meaning: nothing else counts than files that
            match, and all that lies in a directory that matches. What `ignore` leaves out is left
            out all the same.
        one_way: Directories: leave out what only the right side has: all that the left has must be
            there, too, and be the same.
        ignore_case: Directories: pair names that differ only in case, by Unicode's simple case
            folding. Two names of one side that are the same then are errors. Not for archives: that
            is an error.
        moves: Directories: find files that moved: a path that only the left side has and one that
            only the right side has, with the same content. They are in `moved` then, and not among
            those that only one side has.
        max_decompressed_size: Archives: the most bytes that may come out of compression or of holes
            in each archive, or of what is `Decompressed`; what is stored as it is does not count.
            `None`: no limit.
        max_compression_ratio: Archives: the most bytes that may come out of one compressed byte of
            each archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
        max_archive_entries: Archives: the most entries, of any kind, that each archive may have.
            `None`: no limit.
        max_entry_name_length: Archives: the most bytes that an entry's name may have. `None`: no
            limit.
        max_archive_memory: Archives: the most bytes of memory that the process of its own may take
            which reads an archive, see `isolate`. `None`: no limit.
        isolate: Archives: which archives are read in a process of their own, which is killed where
            it does not stop and may crash without harm: `"auto"`, all but tar, plain zip, cpio and
            ar, also within gzip, bzip2, xz, zstd and lz4; `"always"`; `"never"`.
        hash_compare: Archives: compare entries by their BLAKE3-256 digests instead of byte by byte;
            the result is the same.
        ignore_zeros: Archives: read a tar on behind its end, as tar's option of this name does:
            several tars, one after the other, are one. `False`: what follows the end has to be the
            same bytes.
        headers: URLs: request headers.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
        verify_ssl: URLs: demand a valid certificate.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted.
        allow_private_redirects: URLs: a redirect may lead to a private, loopback or link-local
            address.
        block_private: URLs: refuse private, loopback and link-local addresses for the first
            request, too.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised.

    """

    chunk_size: int = 65536
    size_precheck: bool = True
    quick_check: bool = True
    follow_symlinks: bool = True
    max_workers: int = 0
    ignore: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None
    one_way: bool = False
    ignore_case: bool = False
    moves: bool = False
    max_decompressed_size: int | None = 1073741824
    max_compression_ratio: float | None = 200.0
    max_archive_entries: int | None = 100000
    max_entry_name_length: int | None = 4096
    max_archive_memory: int | None = 536870912
    isolate: str = "auto"
    hash_compare: bool = False
    ignore_zeros: bool = False
    headers: dict[str, str] = field(default_factory=dict, hash=False)
    timeout: float = 30.0
    follow_redirects: bool = True
    verify_ssl: bool = True
    proxy: str | None = None
    auth: tuple[str, str] | str | None = None
    netrc: bool = False
    ca_bundle: str | None = None
    client_cert: str | tuple[str, str] | None = None
    allow_private_redirects: bool = False
    block_private: bool = False
    decode_content: bool = True
    comparison_timeout: float | None = None
    retries: int = 0
    retry_delay: float = 1.0
    read_holes: bool = False
    detect_changes: str = "ctime"
    where: bool = False
    context: int = 16
    max_differences: int | None = None
    on_error: str = "report"

    def __repr__(self) -> str:
        """Show every option, secrets masked."""
        return shown(self, unset=True)
