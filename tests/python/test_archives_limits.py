"""What an archive may cost, and that it costs no more."""

from __future__ import annotations

import bz2
import copy
import gzip
import lzma
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from children import interrupt, run, start
from komparu import ArchiveBombError, ArchiveError, compare_archive
from packing import files, member, tar, zipped
from zips import Entry, made

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20


@pytest.fixture
def harmless(tmp_path: Path) -> Path:
    return files(tmp_path / "harmless", [("x", b"1")])


def says(a: Path, b: Path, **limits: Any) -> str:  # noqa: ANN401  # any limit
    with pytest.raises(ArchiveBombError) as caught:
        compare_archive(a, b, **limits)
    assert isinstance(caught.value, ArchiveError)
    return str(caught.value)


def gzipped(path: Path, contents: list[tuple[str, bytes]]) -> Path:
    return files(path, contents, "w:gz")


# Of a zip only what is in its entries is compressed, of the other the whole tar, which has 10 KiB.
@pytest.mark.parametrize(("make", "size"), [(zipped, 1024), (gzipped, 10240)])
def test_every_limit_may_be_reached_and_not_passed(
    tmp_path: Path, harmless: Path, make: Callable[..., Path], size: int
) -> None:
    bomb = make(tmp_path / "bomb", [("n" * 20, packing.noise(1000)), ("y", b"1" * 24)])
    for limit, most, found in [
        ("max_decompressed_size", size, f"{size} bytes or more"),
        ("max_archive_entries", 2, "2 entries or more"),
        ("max_entry_name_length", 20, "20 bytes"),
    ]:
        limits: dict[str, Any] = {limit: most}
        assert compare_archive(bomb, harmless, **limits).only_left
        for pair in [(bomb, harmless), (harmless, bomb), (bomb, bomb)]:
            limits = {limit: most - 1}
            words = says(*pair, **limits)
            assert words.startswith(f"{bomb}: archive bomb: ")
            assert found in words
            assert f"{limit} is {most - 1}" in words


def test_the_ratio_is_that_of_the_whole_archive(tmp_path: Path, harmless: Path) -> None:
    flat = files(tmp_path / "flat.tar.gz", [("x", bytes(10 * MIB))], "w:gz")
    assert "max_compression_ratio is 200" in says(flat, harmless)
    assert "max_compression_ratio is 2.5" in says(harmless, flat, max_compression_ratio=2.5)
    assert compare_archive(flat, harmless, max_compression_ratio=None).diff
    both = [("zeros", bytes(10 * MIB)), ("noise", packing.noise(10 * MIB))]
    for order in (both, both[::-1]):
        mixed = files(tmp_path / "mixed.tar.gz", order, "w:gz")
        assert compare_archive(mixed, harmless, max_compression_ratio=2.1).only_left
        assert "archive bomb: " in says(mixed, harmless, max_compression_ratio=1.9)


def test_a_little_may_be_compressed_as_well_as_can_be(tmp_path: Path, harmless: Path) -> None:
    blank = zipped(tmp_path / "blank.zip", [("x", bytes(8 * MIB))])
    assert compare_archive(blank, harmless, max_compression_ratio=1.5).diff
    larger = zipped(tmp_path / "larger.zip", [("x", bytes(8 * MIB + 1))])
    assert "max_compression_ratio is 1.5" in says(larger, harmless, max_compression_ratio=1.5)


STORED = {
    "tar": ["bsdtar", "--format=pax", "-cf"],
    "cpio": ["bsdtar", "--format=newc", "-cf"],
    "ar": ["bsdtar", "--format=ar", "-cf"],
    "iso": ["bsdtar", "--format=iso9660", "-cf"],
    "stored.zip": ["zip", "-q0"],
    "streamed.zip": ["bsdtar", "--format=zip", "--options=zip:compression=store", "-cf"],
    "7z": ["bsdtar", "--format=7zip", "--options=7zip:compression=store", "-cf"],
    "copied.7z": ["7z", "a", "-bso0", "-bd", "-m0=Copy", "-mhc=off"],
    "xar": ["bsdtar", "--format=xar", "--options=xar:compression=none", "-cf"],
}
if not packing.HAS_XML:
    del STORED["xar"]


@pytest.mark.parametrize("kind", STORED)
def test_what_is_stored_as_it_is_does_not_count(tmp_path: Path, harmless: Path, kind: str) -> None:
    names = ["one", "two"]
    for name in names:
        (tmp_path / name).write_bytes(packing.noise(3 * MIB))
    archive = tmp_path / f"archive.{kind}"
    subprocess.run([*STORED[kind], archive, *names], cwd=tmp_path, check=True)
    result = compare_archive(archive, harmless, max_decompressed_size=MIB)
    assert result.only_left == set(names)


def test_a_hole_is_content_and_no_compression(tmp_path: Path, harmless: Path) -> None:
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(64 * MIB)
    sparse = tmp_path / "sparse.tar"
    command: list[str | Path] = [packing.gnu_tar(), "--sparse", "-cf", sparse, "hole"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert compare_archive(sparse, harmless).only_left == {"hole"}
    assert f"max_decompressed_size is {MIB}" in says(sparse, harmless, max_decompressed_size=MIB)


def _zeros(path: Path, opened: Any, length: int) -> None:  # noqa: ANN401  # a file of any kind
    """Write a tar of one file of zeros, without holding it."""
    info = tarfile.TarInfo("zeros")
    info.size = length
    with opened(path, "wb") as out:
        out.write(info.tobuf())
        for _ in range(length // MIB):
            out.write(bytes(MIB))
        out.write(bytes(10240))


def _zip(path: Path, length: int, name: str = "zeros") -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w") as out,
    ):
        for _ in range(length // MIB):
            out.write(bytes(MIB))


def _zst(path: Path, length: int) -> None:
    plain = path.with_suffix(".plain")
    _zeros(plain, open, length)
    subprocess.run([packing.tool("zstd"), "-q", plain, "-o", path], check=True)
    plain.unlink()


BOMBS: dict[str, Callable[[Path, int], None]] = {
    "gz": lambda path, length: _zeros(path, gzip.open, length),
    "bz2": lambda path, length: _zeros(path, bz2.open, length),
    "xz": lambda path, length: _zeros(path, lzma.open, length),
    "zst": _zst,
    "zip": _zip,
    # One that libarchive reads.
    "named.zip": lambda path, length: _zip(path, length, "zéros"),
}

COST = """
import resource
# A first comparison loads what any comparison loads.
komparu.compare_archive(sys.argv[2], sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    komparu.compare_archive(*sys.argv[1:3], **eval(sys.argv[3]))
except komparu.ArchiveBombError as error:
    print("archive bomb: " in str(error))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss)
"""


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("limits", [{}, {"max_decompressed_size": 16 * MIB}])
def test_a_bomb_costs_no_more_memory_than_its_limit(
    tmp_path: Path, harmless: Path, kind: str, limits: dict[str, int]
) -> None:
    bomb = tmp_path / f"bomb.{kind}"
    BOMBS[kind](bomb, 128 * MIB)
    assert bomb.stat().st_size < MIB
    bombed, kilobytes = run(COST, bomb, harmless, repr(limits)).split()
    assert bombed == "True"
    assert int(kilobytes) < 48 << 10


def test_a_million_entries_stop_at_the_limit(tmp_path: Path, harmless: Path) -> None:
    path = tmp_path / "many.tar.gz"
    header = tarfile.TarInfo("x").tobuf()
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(1000):
            out.write(header * 1000)
        out.write(bytes(1024))
    assert "100001 entries or more, max_archive_entries is 100000" in says(path, harmless)


def test_the_index_of_a_zip_is_no_way_around_the_limit(tmp_path: Path, harmless: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(str(number), b"")
    assert "101 entries or more" in says(path, harmless, max_archive_entries=100)
    content = bytearray(path.read_bytes())
    # It claims to have one entry, and has its index all the same.
    content[-14:-10] = b"\1\0\1\0"
    path.write_bytes(content)
    assert "101 entries or more" in says(path, harmless, max_archive_entries=100)


def test_a_name_that_is_too_long_is_no_more_than_looked_at(tmp_path: Path, harmless: Path) -> None:
    # The index alone has 20 MB of names.
    path = tmp_path / "names.zip"
    path.write_bytes(made(*(Entry(f"{number}".ljust(20_000, "x")) for number in range(1000))))
    assert "an entry's name has 20000 bytes" in says(path, harmless)
    bombed, kilobytes = run(COST, path, harmless, "{}").split()
    assert bombed == "True"
    assert int(kilobytes) < 8 << 10


def test_what_is_no_content_is_limited_too(tmp_path: Path, harmless: Path) -> None:
    # Compressed twice, so that the inner kind puts out nothing for very long.
    path = tmp_path / "empty.gz.gz"
    members = gzip.compress(b"") * 50_000
    with gzip.open(path, "wb") as out:
        for _ in range(400):
            out.write(members)
    assert path.stat().st_size < 3 * MIB
    assert "bytes or more decompressed" in says(path, harmless, max_decompressed_size=MIB)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packing.slow(tmp_path_factory.mktemp("slow") / "slow.tar.bz2")


UNLIMITED = "max_decompressed_size=None, max_compression_ratio=None"


def wait_until_open(child: subprocess.Popen[str], path: Path) -> None:
    while child.poll() is None:
        for descriptor in Path(f"/proc/{child.pid}/fd").iterdir():
            try:
                if descriptor.readlink() == path:
                    return
            except OSError:  # it has been closed
                continue
    message = f"ended with {child.returncode} before it opened {path}"
    raise AssertionError(message)


@pytest.mark.parametrize("other", ["same", "harmless"])
def test_ctrl_c_ends_a_slow_decompression(slow: Path, harmless: Path, other: str) -> None:
    code = f"""
open_before = len(os.listdir("/proc/self/fd"))
try:
    komparu.compare_archive(*sys.argv[1:], {UNLIMITED})
except KeyboardInterrupt:
    print(len(os.listdir("/proc/self/fd")) - open_before)
"""
    with start(code, slow, slow if other == "same" else harmless) as child:
        wait_until_open(child, slow)
        interrupt(child)
        output, errors = child.communicate()
    assert (output, errors) == ("0\n", "")


@pytest.mark.parametrize("hash_compare", [False, True])
def test_the_limit_of_time_ends_a_slow_decompression(
    slow: Path, harmless: Path, hash_compare: bool
) -> None:
    with pytest.raises(komparu.ComparisonTimeoutError):
        compare_archive(
            slow,
            harmless,
            comparison_timeout=0.2,
            max_decompressed_size=None,
            max_compression_ratio=None,
            hash_compare=hash_compare,
        )


def test_bad_limits_are_refused_before_anything_is_opened() -> None:
    given: Callable[..., object] = compare_archive
    for name in ("max_decompressed_size", "max_compression_ratio", "max_archive_entries"):
        with pytest.raises(ValueError, match=f"{name} must be positive or None"):
            given("/no/such", "/no/such", **{name: 0})
    with pytest.raises(ValueError, match="path_a cannot be empty"):
        compare_archive("", "x")
    with pytest.raises(ValueError, match="path_b cannot be empty"):
        compare_archive("x", "")
    with pytest.raises(TypeError, match="unexpected keyword argument 'quick_check'"):
        given("x", "y", quick_check=False)


def test_an_error_pickles_with_what_it_carries(tmp_path: Path, harmless: Path) -> None:
    bomb = tar(tmp_path / "bomb", [member("x"), member("y")])
    with pytest.raises(ArchiveBombError) as caught:
        compare_archive(bomb, harmless, max_archive_entries=1)
    again = copy.copy(caught.value)
    assert (str(again), again.source) == (str(caught.value), str(bomb))
