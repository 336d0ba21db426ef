"""Any content, in any layout, with any options: what `compare` says is what `==` says."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

import komparu

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

#: Around pages, buffers, samples and windows; and anything small.
SIZES = st.one_of(
    st.integers(0, 300),
    *[
        st.integers(limit - 2, limit + 2)
        for limit in [4096, 65_536, 128 << 10, 40 * 65_536, 1 << 20, 4 << 20, 8 << 20]
    ],
)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """Runs of zeros and of data."""
    size = draw(SIZES)
    places = sorted(draw(st.lists(st.integers(0, size), max_size=4)))
    content = bytearray()
    for place in [*places, size]:
        pattern = draw(st.sampled_from([b"\0", b"\0", b"a", b"\0\xff", bytes(range(256))]))
        run = place - len(content)
        content += (pattern * (run // len(pattern) + 1))[:run]
    return bytes(content)


@st.composite
def edits(draw: st.DrawFn, content: bytes) -> bytes:
    """The content, or one that differs from it a little."""
    other = bytearray(content)
    if not other or draw(st.booleans()):
        return bytes(other)
    place = draw(st.one_of(st.just(0), st.just(len(other) - 1), st.integers(0, len(other) - 1)))
    match_ = draw(st.sampled_from(["flip", "cut", "add", "clear"]))
    if match_ == "flip":
        other[place] ^= draw(st.integers(1, 255))
    elif match_ == "cut":
        del other[place:]
    elif match_ == "add":
        other += bytes([draw(st.sampled_from([0, 1]))]) * draw(st.integers(1, 5000))
    else:
        other[place:] = bytes(len(other) - place)
    return bytes(other)


def lay_out(path: Path, content: bytes, *, with_holes: bool) -> None:
    """Write a file, leaving out whole pages of zeros or not."""
    page = 4096
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    with path.open("wb") as file:
        if not with_holes:
            file.write(content)
            return
        for start in range(0, len(content), page):
            piece = content[start : start + page]
            if piece.count(0) < len(piece):
                file.seek(start)
                file.write(piece)
        file.truncate(len(content))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), content=contents(), chunk_size=st.sampled_from([100, 4096, 65_536, 1 << 30]))
def test_the_answer_is_that_of_the_oracle(
    data: st.DataObject,
    content: bytes,
    chunk_size: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    other = data.draw(edits(content))
    directory = tmp_path_factory.getbasetemp()
    thread = threading.get_native_id()
    a, b = directory / f"property-{thread}-a", directory / f"property-{thread}-b"
    lay_out(a, content, with_holes=data.draw(st.booleans()))
    lay_out(b, other, with_holes=data.draw(st.booleans()))
    answer = komparu.compare(
        a,
        b,
        chunk_size=chunk_size,
        size_precheck=data.draw(st.booleans()),
        quick_check=data.draw(st.booleans()),
        max_workers=data.draw(st.integers(0, 4)),
    )
    assert answer is (content == other)


@settings(deadline=None, max_examples=300)
@given(text=st.one_of(st.text(), st.binary()), side=st.integers(0, 1))
def test_any_text_is_a_source_or_a_clear_error(text: str | bytes, side: int) -> None:
    try:
        komparu.compare(*[text, "/dev/null"][:: 1 - 2 * side])
    except (komparu.KomparuError, ValueError) as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  # no error is right as well
