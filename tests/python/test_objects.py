"""Python objects as sources: file objects, and what opens one."""

from __future__ import annotations

import gzip
import importlib.resources
import io
import mmap
import random
import sys
import tempfile
import threading
import zipfile
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

import files
import komparu
from files import MAKES, Openable, Pipe, Reads, Seeks
from komparu import Archive, Content, Manifest
from komparu.testing import assert_same
from packing import grow, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Write

Make: TypeAlias = "Callable[[bytes], Any]"

CONTENT = random.Random(1).randbytes(1_000_003)  # noqa: S311

every_make = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@every_make
def test_an_object_is_compared_byte_for_byte_on_either_side(make: Make, write: Write) -> None:
    same, other = write("same", CONTENT), write("other", CONTENT[:-1] + b"?")
    longer, shorter = write("longer", CONTENT + b"x"), write("shorter", CONTENT[:-1])
    assert komparu.compare(make(CONTENT), same)
    assert komparu.compare(same, make(CONTENT))
    assert komparu.compare(Content(make(CONTENT), "named"), Content(CONTENT))
    assert komparu.compare(make(CONTENT), make(CONTENT))
    for differs in (other, longer, shorter):
        assert not komparu.compare(make(CONTENT), differs)
        assert not komparu.compare(differs, make(CONTENT))
    assert komparu.compare(make(b""), make(b""))
    assert not komparu.compare(make(b""), make(b"x"))


@every_make
def test_every_function_that_takes_sources_takes_objects(make: Make, tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"a/b": CONTENT, "c": b"1"})
    file = place / "a/b"
    changed = CONTENT[:5] + b"?" + CONTENT[6:]
    difference = komparu.first_difference(make(CONTENT), make(changed))
    assert difference is not None
    assert (difference.offset, difference.right[:1]) == (5, b"?")
    assert komparu.first_difference(file, make(CONTENT)) is None
    assert komparu.compare_all([file, make(CONTENT), CONTENT and Content(CONTENT), make(CONTENT)])
    assert not komparu.compare_all([make(CONTENT), make(CONTENT), make(changed)])
    sources = [
        Content(make(data), name)
        for name, data in {"1": CONTENT, "2": changed, "3": CONTENT, "4": b""}.items()
    ]
    assert komparu.compare_many([*sources, file]).groups == [{"1", "3", str(file)}, {"2"}, {"4"}]

    def mapped() -> dict[str, Any]:
        return {"a/b": make(CONTENT), "c": make(b"1")}

    assert komparu.compare_dir_urls(place, mapped()).equal
    assert komparu.compare_trees(mapped(), place).equal
    assert komparu.compare_trees(mapped(), mapped()).equal
    result = komparu.compare_trees(place, {**mapped(), "a/b": make(changed)}, where=True)
    assert result.differences["a/b"].offset == 5
    assert result.diff == {"a/b": komparu.DiffReason.CONTENT_MISMATCH}
    count = komparu.write_manifest(mapped(), tmp_path / "sums")
    assert count == 2
    assert komparu.compare_trees(Manifest(make((tmp_path / "sums").read_bytes())), place).equal


@pytest.mark.parametrize("kind", ["gnu.tar", "tar.gz", "bsd.7z", "info.zip"])
@every_make
def test_an_archive_may_be_an_object(make: Make, kind: str, tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"a": b"1", "d/b": CONTENT})
    packed = pack(kind, place, tmp_path / f"packed.{kind}")
    data = packed.read_bytes()
    file = make(data)
    can_seek = isinstance(file, io.IOBase) and file.seekable()
    if isinstance(file, Openable):
        can_seek = file.open("rb").seekable()  # type: ignore[attr-defined]
    if "tar" not in kind and not can_seek:
        with pytest.raises(komparu.ArchiveError, match="this object cannot seek"):
            komparu.compare_archive(file, packed)
        return
    assert komparu.compare_archive(file, packed).equal
    assert komparu.compare_trees(place, make(data)).equal
    assert komparu.compare_trees(Archive(make(data), "d"), {"b": make(CONTENT)}).equal


def test_a_file_is_read_from_where_it_stands_to_its_end_and_stays_open(write: Write) -> None:
    path = write("whole", b"skipped" + CONTENT)
    same = write("same", CONTENT)
    subclass = type("Sub", (io.BytesIO,), {})
    with path.open("rb") as opened, path.open("rb", buffering=0) as raw:
        for file in (opened, raw, io.BytesIO(path.read_bytes()), subclass(path.read_bytes())):
            assert file.read(7) == b"skipped"
            assert komparu.compare(file, same)
            assert file.read() == b""
            file.seek(0)
            assert not komparu.compare(file, same)
            file.seek(7)
            assert komparu.compare(Content(file), Content(CONTENT))
            assert not file.closed
            file.seek(1 << 30)
            assert komparu.compare(file, Content(b""))


def test_bytes_of_every_kind_are_content(write: Write) -> None:
    path = write("file", CONTENT)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        for data in (CONTENT, bytearray(CONTENT), memoryview(CONTENT)[:], mapped):
            assert komparu.compare(Content(data), path)
        assert mapped.tell() == 0


def test_bytes_may_be_changed_and_resized_when_the_call_has_begun(write: Write) -> None:
    """They are those of when it began."""
    path, data = write("file", CONTENT), bytearray(CONTENT)

    class Grows(Reads):
        def read(self, size: int) -> bytes:
            data.append(0)
            data[0] ^= 1
            return super().read(size)

    answers = komparu.compare_many([Content(data, "data"), path, Content(Grows(CONTENT), "grows")])
    assert answers.groups == [{"data", str(path), "grows"}]
    assert len(data) > len(CONTENT)


def test_what_opens_a_file_is_closed_each_time_and_may_come_twice(write: Write) -> None:
    path = write("file", CONTENT)
    opens: Any = Openable(CONTENT)
    assert komparu.compare(opens, opens)
    assert komparu.compare(opens, path)
    assert komparu.compare_all([opens, path, opens])
    assert not komparu.compare(opens, Content(b"x"))
    assert len(opens.opened) > 3
    assert all(file.closed for file in opens.opened)
    made: list[Any] = []

    def opener() -> io.BufferedReader:
        file = path.open("rb")
        made.append(file)
        return file

    assert komparu.compare(Content(opener), Content(opener, "again"))
    assert len(made) == 2
    assert all(file.closed for file in made)


def test_a_file_can_be_given_once_in_a_call(write: Write) -> None:
    path, text = (
        write("file", CONTENT),
        "and can be read only once: give a callable that opens it anew",
    )
    for file in (io.BytesIO(CONTENT), Reads(CONTENT)):
        for pair in ((file, file), (Content(file), file), (Content(file, "x"), Content(file, "y"))):
            with pytest.raises(
                ValueError, match=f"source_b is the same file object as source_a, {text}"
            ):
                komparu.compare(*pair)
        with pytest.raises(
            ValueError, match=r"sources\[2\] is the same file object as sources\[0\]"
        ):
            komparu.compare_many([file, path, file])
        with pytest.raises(
            ValueError, match=r"right\['x'\] is the same file object as left\['y'\]"
        ):
            komparu.compare_trees({"y": file}, {"x": file})


def test_many_short_lived_files_are_no_one_file() -> None:
    parts = [b"a", b"b", b"a", b"a"]
    assert not komparu.compare_all(io.BytesIO(part) for part in parts)
    assert komparu.compare_all(io.BytesIO(b"x") for _ in range(100))
    assert komparu.compare_all(Reads(b"x") for _ in range(100))


def test_an_archive_that_cannot_seek_is_read_once(tmp_path: Path) -> None:
    big = random.Random(2).randbytes(3 << 20)  # noqa: S311
    place = grow(tmp_path / "place", {"a": b"1", "b": big})
    packed = pack("gnu.tar", place, tmp_path / "packed.tar").read_bytes()
    for make in (Pipe, Seeks):
        assert komparu.compare_trees(Archive(make(packed)), {"a": Pipe(b"1"), "b": Pipe(big)}).equal


def test_objects_of_the_standard_library_are_sources(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    zipped = tmp_path / "a.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/file", CONTENT)
    with zipfile.ZipFile(zipped) as archive:
        assert komparu.compare(zipfile.Path(archive, "in/file"), path)
        with archive.open("in/file") as member:
            assert komparu.compare(member, path)
    (tmp_path / "file.gz").write_bytes(gzip.compress(CONTENT, 1))
    with gzip.open(tmp_path / "file.gz") as unpacked:
        assert komparu.compare(unpacked, path)
    assert komparu.compare(Content(lambda: gzip.open(tmp_path / "file.gz")), path)  # noqa: SIM115
    with tempfile.NamedTemporaryFile() as temporary, tempfile.SpooledTemporaryFile() as spooled:
        for file in (temporary, spooled):
            file.write(CONTENT)
            file.seek(0)
            assert komparu.compare(file, path)
    resource = importlib.resources.files(komparu) / "py.typed"
    assert komparu.compare(resource, Content(b""))


def test_only_the_thread_that_calls_calls_the_object(write: Write) -> None:
    file = Reads(CONTENT, 10_000)
    objects: dict[str, Any] = {str(number): Reads(CONTENT, 10_000) for number in range(20)}
    assert komparu.compare_trees(objects, {name: Content(CONTENT) for name in objects}).equal
    assert komparu.compare(file, write("file", CONTENT), comparison_timeout=60)
    assert {thread for it in (file, *objects.values()) for thread in it.threads} == {
        threading.get_ident()
    }


def test_a_message_names_an_object_by_its_own_name_or_by_where_it_was_given(tmp_path: Path) -> None:
    class Fails(Reads):
        def read(self, _size: int) -> bytes:
            raise LookupError("on purpose")

    named = Fails(b"")
    named.name = "own name"  # type: ignore[attr-defined]
    missing: dict[str, Any] = {
        "a": Fails(b""),
        "b": named,
        "c": Content(named.__class__(b""), "given name"),
    }
    grow(tmp_path / "place", {"a": b"", "b": b"", "c": b""})
    messages = komparu.compare_trees(tmp_path / "place", missing).messages
    assert messages == {
        "a": "Fails in right['a']: LookupError: on purpose",
        "b": "own name: LookupError: on purpose",
        "c": "given name: LookupError: on purpose",
    }


def test_a_content_shows_what_it_is_made_of() -> None:
    assert repr(Content(io.BytesIO(b"x"), "name")) == "<Content 'name', BytesIO>"
    assert repr(Content(Reads(b""))) == "<Content Reads>"
    file = io.BytesIO()
    content = Content(file)
    file.close()
    assert repr(content) == "<Content BytesIO>"


def test_objects_are_dropped_when_the_call_is_over(write: Write) -> None:
    path = write("file", CONTENT)
    makes: list[Make] = [Reads, Seeks, io.BytesIO, files.Fills]
    for make in makes:
        file = make(CONTENT)
        before = sys.getrefcount(file)
        assert komparu.compare(file, path)
        assert sys.getrefcount(file) == before


def test_what_else_takes_sources_takes_objects(tmp_path: Path) -> None:
    same = grow(tmp_path / "same", {"file": CONTENT, "file.gz": gzip.compress(CONTENT, 1)})
    packed = (same / "file.gz").read_bytes()
    for make in (io.BytesIO, Pipe, Seeks, Reads, Openable):
        opened: Any = make(packed)
        assert komparu.compare(komparu.Decompressed(opened), same / "file")
        file: Any = make(CONTENT)
        assert_same(file, same / "file")
        other: Any = make(CONTENT[:-1] + b"?")
        with pytest.raises(AssertionError, match="offset 1,000,002, line "):
            assert_same(same / "file", other)


@every_make
def test_objects_that_moved_are_found(make: Make) -> None:
    before = {"old": make(CONTENT), "stays": make(b"1"), "gone": make(b"2")}
    after = {"new": make(CONTENT), "stays": make(b"1"), "come": make(b"3")}
    result = komparu.compare_trees(before, after, moves=True)
    assert result.moved == {"old": "new"}
    assert (result.only_left, result.only_right) == ({"gone"}, {"come"})


class Upper(io.BytesIO):
    """What it was made of, in capitals."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(size).upper()


class UpperOnce(io.BufferedReader):
    def read1(self, size: int = -1) -> bytes:
        return super().read1(size).upper()


class UpperAll(io.BufferedReader):
    def read(self, size: int | None = -1) -> bytes:
        return super().read(size).upper()


class UpperFills(io.FileIO):
    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        count = super().readinto(buffer)
        buffer[:count] = bytes(buffer[:count]).upper()
        return count


class UpperFillsOnce(io.BytesIO):
    def readinto1(self, buffer: Any) -> int:  # noqa: ANN401
        data = super().read(len(buffer)).upper()
        buffer[: len(data)] = data
        return len(data)


def test_the_method_that_a_class_has_made_anew_is_the_one_that_reads(write: Write) -> None:
    """Those that it has inherited may know nothing of that one."""
    text = b"lower case\n" * 30_000
    path, upper = write("lower", text), write("upper", text.upper())
    patched: Any = io.BytesIO(text)
    patched.read = lambda size: io.BytesIO.read(patched, size).upper()
    made: list[Any] = [
        Upper(text),
        UpperOnce(Seeks(text)),
        UpperAll(Seeks(text)),
        UpperFills(path),
        UpperFillsOnce(text),
        patched,
    ]
    for file in made:
        with file:
            assert komparu.compare(file, upper), type(file)
    for opener in (lambda: Upper(text), lambda: UpperFills(path)):
        assert komparu.compare(Content(opener), upper)
        assert not komparu.compare(Content(opener), path)
