"""What a result says of itself: how much was compared, in lines, as JSON and as a page."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest

import komparu
from komparu import Difference, DiffReason, DirResult, Proof, Summary

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert('x')</script>\n\x1b[31m\udcff\u202e&\""


def test_two_empty_trees_are_seen_for_what_they_are(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    empty = komparu.compare_dir(tmp_path / "a", tmp_path / "b")
    assert (empty.equal, empty.complete, empty.summary.entries) == (True, True, 0)
    for name in ("a", "b"):
        (tmp_path / name / "x").write_text(name)
    ignored = komparu.compare_dir(tmp_path / "a", tmp_path / "b", ignore=["*"])
    assert (ignored.equal, ignored.summary.entries) == (True, 0)
    same = komparu.compare_dir(tmp_path / "a", tmp_path / "a")
    assert (same.summary.entries, same.summary.proofs) == (1, {Proof.SAME_FILE: 1})


def test_the_summary_counts_every_entry_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_text("12345")
        (tmp_path / name / "size").write_text(
            "1" * len(name + tmp_path.name) + name * (name == "a")
        )
        (tmp_path / name / f"only {name}").write_text("")
    result = komparu.compare_dir(tmp_path / "a", tmp_path / "b")
    summary = result.summary
    assert (summary.entries, summary.equal, summary.differing) == (4, 1, 1)
    assert (summary.only_left, summary.only_right, summary.failed) == (1, 1, 0)
    assert (summary.bytes, summary.proofs) == (5, {Proof.BYTES: 1, Proof.SIZE: 1})
    assert 0 < summary.elapsed < 3600
    assert str(summary).startswith("1 differs, 1 only in A, 1 only in B, 1 equal, 5 B in ")


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_comparison_stops_after_so_many_differences(tmp_path: Path, most: int) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for number in range(3):
        (tmp_path / "a" / str(number)).touch()
    result = komparu.compare_dir(tmp_path / "a", tmp_path / "b", max_differences=most)
    assert len(result.only_left) == most
    assert not result.complete
    assert not result.equal
    assert "not complete" in repr(result)
    whole = komparu.compare_dir(tmp_path / "a", tmp_path / "b", max_differences=4)
    assert whole.complete
    with pytest.raises(ValueError, match=r"^max_differences must be positive or None$"):
        komparu.compare_dir(tmp_path / "a", tmp_path / "b", max_differences=0)


def test_the_first_failure_is_raised_on_request(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").touch()
    urls = {"x": tmp_path / "nothing"}
    assert komparu.compare_dir_urls(tmp_path / "a", urls).errors == {"x"}
    with pytest.raises(komparu.SourceNotFoundError) as raised:
        komparu.compare_dir_urls(tmp_path / "a", urls, on_error="raise")
    assert raised.value.source == str(tmp_path / "nothing")
    with pytest.raises(ValueError, match=r"^on_error must be 'report' or 'raise'$"):
        komparu.compare_dir_urls(tmp_path / "a", urls, on_error="ignore")


def test_a_timeout_carries_what_was_found(long_work: tuple[Path, Path], tmp_path: Path) -> None:
    for side, path in zip("ab", long_work, strict=True):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").symlink_to(path)
    (tmp_path / "a" / "only").touch()
    trees = tmp_path / "a", tmp_path / "b"
    # The first limit is enough to find something, on most machines.
    for limit in (0.2, 2, 20):
        with pytest.raises(komparu.ComparisonTimeoutError) as raised:
            komparu.compare_dir(*trees, chunk_size=1, comparison_timeout=limit)
        partial = raised.value.partial
        assert partial is not None
        if partial.only_left:
            break
    assert partial is not None
    assert partial.only_left == {"only"}
    assert (partial.complete, partial.equal) == (False, False)
    restored = pickle.loads(pickle.dumps(raised.value))  # noqa: S301
    assert restored.partial == partial
    with pytest.raises(komparu.ComparisonTimeoutError) as raised:
        komparu.compare(*long_work, chunk_size=1, comparison_timeout=0.1)
    assert raised.value.partial is None


def example() -> DirResult:
    return DirResult(
        equal=False,
        diff={HOSTILE: DiffReason.CONTENT_MISMATCH, "e": DiffReason.READ_ERROR},
        only_left={"l"},
        only_right={"r"},
        errors={"e"},
        messages={"e": "e: <broken>"},
        differences={HOSTILE: Difference(512, 4, b"\x00", b"<", 600, None)},
        summary=Summary(5, 1, 1, 1, 1, 1, 2048, {Proof.BYTES: 2}, 0.25),
    )


def test_a_result_is_printed_a_line_a_path_and_sorted_and_then_the_totals() -> None:
    lines = str(example()).split("\n")
    totals = "1 differs, 1 only in A, 1 only in B, 1 not compared, 1 equal, 2.0 KiB in 0.2 s"
    assert lines[1:] == ["! e: e: <broken>", "- l", "+ r", totals]
    assert str(DirResult(equal=True)) == "", "nothing is known of how much was compared"
    assert str(replace(example(), complete=False)).endswith(f"{totals} (not complete)")
    assert lines[0].startswith("* <script>")
    assert lines[0].endswith("(content_mismatch at byte 513, line 4)")
    assert "\x1b" not in lines[0]
    assert "\u202e" not in lines[0]


def test_a_long_name_leaves_the_other_columns_whole() -> None:
    page = DirResult(equal=False, only_left={"w" * 200}).to_html()
    assert "th, td:nth-child(2) { white-space: nowrap; }" in page


def test_a_repr_is_one_line_of_bounded_length() -> None:
    many = DirResult(equal=False, only_left={"x" * 100_000 + str(number) for number in range(100)})
    for result in (example(), many, DirResult(equal=True)):
        shown = repr(result)
        assert len(shown) < 1000
        assert shown.isprintable()
    assert "and 97 more" in repr(many)


def test_a_result_is_what_json_can_say() -> None:
    result = example()
    said = json.loads(json.dumps(result.to_dict()))
    assert said["verdict"] == "different"
    assert said["summary"]["proofs"] == {"bytes": 2}
    (path,) = said["differences"]
    assert path[0] == "\0"
    assert os.fsdecode(unquote_to_bytes(path[1:])) == HOSTILE
    assert said["differences"][path]["left"] == "00"
    assert said["only_left"] == ["l"]


class Tags(HTMLParser):
    """Every tag and all text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {name for name, _ in attrs} & {"href", "src", "onclick"}
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_escapes_everything_and_needs_nothing_else() -> None:
    for page in (example().to_html(), example()._repr_html_()):
        page.encode("utf-8")
        parsed = Tags(page)
        assert "script" not in parsed.tags
        assert "<script>alert" in parsed.text
        assert "\x1b" not in page
        assert "\u202e" not in page
    assert example().to_html().startswith("<!DOCTYPE html>")
    rows = DirResult(equal=False, only_left={str(number) for number in range(5000)})
    assert rows.to_html().count("<tr>") == 5001
    assert "and 4,000 more" in rows._repr_html_()


def test_results_of_parts_are_merged() -> None:
    one = DirResult(
        equal=False,
        diff={"b": DiffReason.READ_ERROR},
        errors={"b"},
        messages={"b": "broken"},
        summary=Summary(2, 1, failed=1, bytes=5, proofs={Proof.BYTES: 1}, elapsed=1),
    )
    other = DirResult(
        equal=False,
        diff={"a": DiffReason.SIZE_MISMATCH, "b": DiffReason.TYPE_MISMATCH},
        only_left={"l"},
        complete=False,
        summary=Summary(3, 0, 2, 1, proofs={Proof.BYTES: 1, Proof.SIZE: 1}, elapsed=2),
    )
    merged = DirResult.merge([one, other])
    assert merged.diff == {"a": DiffReason.SIZE_MISMATCH, "b": DiffReason.TYPE_MISMATCH}
    assert (merged.only_left, merged.errors) == ({"l"}, {"b"})
    assert not merged.complete
    assert merged.summary == Summary(5, 1, 2, 1, 0, 1, 5, {Proof.BYTES: 2, Proof.SIZE: 1}, 2)
    nothing = DirResult.merge([])
    assert (nothing.equal, nothing.summary.entries) == (True, 0)


def test_what_a_result_knows_besides_is_no_part_of_equality() -> None:
    one, other = DirResult(equal=True), DirResult(equal=True, complete=True, summary=Summary(5, 5))
    assert one == other
    assert DirResult(equal=True, moved={"a": "b"}) == one


def test_a_result_knows_the_topmost_directories_that_one_side_has(tmp_path: Path) -> None:
    for path in ["a/l/x/1", "a/l/2", "a/both/m/3", "b/both/4", "b/r/5", "b/file/6", "a/empty/in/"]:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            (tmp_path / path).write_bytes(b"")
    (tmp_path / "a/file").write_bytes(b"")
    result = komparu.compare_dir(tmp_path / "a", tmp_path / "b")
    assert result.directories == {"l", "both/m", "r", "file"}
    assert str(result).splitlines()[:-1] == [
        "+ both/4",
        "- both/m/ (1 file)",
        "* file (type_mismatch)",
        "+ file/ (1 file)",
        "- l/ (2 files)",
        "+ r/ (1 file)",
    ]
    merged = DirResult.merge([result, DirResult(equal=False, directories={"other"})])
    assert merged.directories == {*result.directories, "other"}


def test_a_result_made_by_hand_is_a_text_whatever_it_holds() -> None:
    result = DirResult(
        equal=False,
        diff={"d\n": DiffReason.SIZE_MISMATCH, "e": DiffReason.READ_ERROR},
        only_left={"caf\udce9", "\ud800", "b\\s", "\x9b\u202e"},
        errors={"e"},
        messages={"e": "no\nway"},
    )
    lines = str(result).split("\n")
    assert sorted(lines) == sorted(
        [
            "* d\\n (size_mismatch)",
            "- caf\udce9",
            "- \ud800",
            "- b\\\\s",
            "- \\x9b\\u202e",
            "! e: no\\nway",
        ]
    )


def test_results_of_earlier_versions_load_and_others_fail_clearly() -> None:
    result = example()
    state = result.__getstate__()
    assert isinstance(state, list)
    earlier = DirResult.__new__(DirResult)
    earlier.__setstate__(state[:6])
    assert earlier == result
    assert (earlier.complete, earlier.differences, earlier.summary) == (True, {}, Summary())
    assert earlier.directories == set()
    for strange in ([*state, 1], state[:5], {"equal": True}):
        with pytest.raises(TypeError, match="pickled by another version of komparu"):
            DirResult.__new__(DirResult).__setstate__(strange)  # type: ignore[arg-type]
