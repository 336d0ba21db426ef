"""The command line on trees: what is printed, in which form, and what is not lost."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import termios
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest

import komparu
from children import interrupt
from komparu import _core
from komparu._terminal import columns_of, pictured
from komparu._units import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MODULE = [sys.executable, "-I", "-m", "komparu"]
TIME = re.compile(r"in [0-9.]+ s")


def says(*arguments: str | bytes | Path) -> tuple[int, list[str], list[str]]:
    done = subprocess.run([*MODULE, *arguments], capture_output=True, check=False, text=True)
    return done.returncode, done.stdout.splitlines(), TIME.sub("", done.stderr).splitlines()


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Two trees: a file that differs, a directory that only the left has, one that both have."""
    left, right = tmp_path / "left", tmp_path / "right"
    for path, a, b in [
        ("same", "1", "1"),
        ("differs", "line\none", "line\ntwo"),
        ("logs/2024/a", "1", None),
        ("logs/2024/b", "2", None),
        ("logs/c", "3", None),
        ("both/new", None, "4"),
        ("both/old", "5", None),
        ("both/same", "6", "6"),
    ]:
        for root, content in [(left, a), (right, b)]:
            if content is not None:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content)
    return left, right


def copied(tree: Path) -> Path:
    return Path(shutil.copytree(tree, tree.with_name("copy")))


def packed(tree: Path) -> Path:
    file = tree.with_suffix(".tar")
    with tarfile.open(file, "w") as archive:
        for path in sorted(tree.rglob("*")):
            archive.add(path, path.relative_to(tree), recursive=False)
    return file


def test_directories_of_one_side_are_one_line_with_their_count(trees: tuple[Path, Path]) -> None:
    status, output, errors = says(*trees)
    assert (status, output) == (
        1,
        ["+ both/new", "- both/old", "* differs (content_mismatch)", "- logs/ (3 files)"],
    )
    assert len(errors) == 1
    assert errors[0].startswith("1 differs, 4 only in A, 1 only in B, 2 equal, ")


def test_archives_fold_what_their_entries_show(trees: tuple[Path, Path]) -> None:
    status, output, _ = says("--archive", *map(packed, trees))
    expected = ["+ both/new", "- both/old", "* differs (content_mismatch)", "- logs/ (3 files)"]
    assert (status, output) == (1, expected)


def test_a_map_of_urls_folds_against_its_own_directories(
    trees: tuple[Path, Path], tmp_path: Path
) -> None:
    left, right = trees
    listed = {"both/same": str(right / "both/same"), "new/x/y": str(right / "same")}
    named = tmp_path / "map.json"
    named.write_text(json.dumps(listed))
    status, output, _ = says("--urls", named, left)
    assert (status, output) == (
        1,
        ["- both/old", "- differs", "- logs/ (3 files)", "+ new/ (1 file)", "- same"],
    )


def test_expand_lists_every_file(trees: tuple[Path, Path]) -> None:
    for options in [["--expand"], ["--archive", "--expand"]]:
        sources = trees if options == ["--expand"] else tuple(map(packed, trees))
        _, output, _ = says(*options, *sources)
        assert [line for line in output if "logs" in line] == [
            "- logs/2024/a",
            "- logs/2024/b",
            "- logs/c",
        ]


def test_a_result_as_text_is_what_is_printed(trees: tuple[Path, Path]) -> None:
    archives = (packed(trees[0]), packed(trees[1]))
    cases: list[tuple[list[str], tuple[Path, Path], Callable[..., komparu.DirResult]]] = [
        ([], trees, komparu.compare_dir),
        (["--archive"], archives, komparu.compare_archive),
        ([], (trees[0], archives[1]), komparu.compare_trees),
        ([], (archives[0], trees[1]), komparu.compare_trees),
    ]
    for options, sources, compare in cases:
        _, output, errors = says("--first-difference", *options, *sources)
        *lines, totals = str(compare(*sources, where=True)).splitlines()
        assert lines == output
        assert "- logs/ (3 files)" in lines
        assert [TIME.sub("", totals)] == errors


def test_a_result_that_is_not_complete_folds_nothing(trees: tuple[Path, Path]) -> None:
    right = trees[1].with_name("empty")
    right.mkdir()
    status, output, errors = says("--max-differences", "1", trees[0] / "logs", right)
    assert (status, len(output), len(errors)) == (1, 1, 1)
    assert errors[0].endswith("(not complete)")
    assert "file" not in output[0]


def test_lines_come_in_the_order_of_paths_however_many_they_are(tmp_path: Path) -> None:
    # More than a piece of the output, and directories on both sides of names that begin alike.
    names = [f"d{number % 7}/{'x' * 40}{number}" for number in range(3000)] + ["d1-", "d1.x", "d10"]
    for side in "ab":
        for directory in range(7):
            (tmp_path / side / f"d{directory}").mkdir(parents=True)
    for name in names:
        (tmp_path / "a" / name).write_bytes(b"")
    _, output, _ = says(tmp_path / "a", tmp_path / "b")
    assert output == [f"- {name}" for name in sorted(names)]
    _, output, _ = says("-v", tmp_path / "a", tmp_path / "a")
    assert output == ["= ."]
    _, output, _ = says("-v", tmp_path / "a", copied(tmp_path / "a"))
    assert output == [f"= {name}" for name in sorted(names)]


def test_a_directory_against_a_file_is_folded_beside_the_mismatch(tmp_path: Path) -> None:
    for name in ["a", "b"]:
        (tmp_path / name).mkdir()
    (tmp_path / "a/x").mkdir()
    for name in ["1", "2"]:
        (tmp_path / "a/x" / name).write_text(name)
    (tmp_path / "b/x").write_text("a file")
    _, output, _ = says(tmp_path / "a", tmp_path / "b")
    assert output == ["* x (type_mismatch)", "- x/ (2 files)"]


def test_equal_trees_say_how_much_was_compared(trees: tuple[Path, Path], tmp_path: Path) -> None:
    left, _ = trees
    status, output, errors = says(left, left)
    assert (status, output, len(errors)) == (0, [], 1)
    for name in ["e", "f"]:
        (tmp_path / name).mkdir()
    status, output, errors = says(tmp_path / "e", tmp_path / "f")
    assert (status, output, errors) == (0, [], ["0 equal, 0 B "])
    status, output, errors = says("--ignore", "*", *trees)
    assert (status, output, errors) == (0, [], ["0 equal, 0 B "])


def test_quiet_says_nothing_of_trees(trees: tuple[Path, Path]) -> None:
    assert says("-q", *trees) == (1, [], [])
    assert says("-q", "--archive", *map(packed, trees)) == (1, [], [])


def test_json_lines_are_findings_and_then_the_whole(trees: tuple[Path, Path]) -> None:
    status, output, _ = says("--json-lines", *trees)
    *findings, whole = map(json.loads, output)
    assert status == 1
    assert sorted(finding["path"] for finding in findings) == [
        "both/new",
        "both/old",
        "differs",
        "logs/2024/a",
        "logs/2024/b",
        "logs/c",
    ]
    assert {key: whole[key] for key in ("schema", "equal", "verdict", "complete")} == {
        "schema": 1,
        "equal": False,
        "verdict": "different",
        "complete": True,
    }
    assert whole["summary"]["only_left"] == 4


def test_json_is_what_the_result_says_of_itself(trees: tuple[Path, Path]) -> None:
    _, output, _ = says("--json", *trees)
    said = json.loads("\n".join(output))
    expected = json.loads(json.dumps(komparu.compare_dir(*trees).to_dict()))
    for whole in (said, expected):
        whole["summary"]["elapsed"] = 0.0
    assert said == expected


def test_names_that_are_no_text_survive_json_and_jq(tmp_path: Path) -> None:
    names = [b"caf\xe9 100%", b"\xff", b"plain"]
    for side in ["a", "b"]:
        (tmp_path / side).mkdir()
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/a/" + name)).write_bytes(b"1")
    done = subprocess.run(
        [*MODULE, "--json", tmp_path / "a", tmp_path / "b"], capture_output=True, check=False
    )
    read = subprocess.run(
        ["jq", "-c", ".only_left"], input=done.stdout, capture_output=True, check=True
    )
    paths = json.loads(read.stdout)
    back = {
        unquote_to_bytes(path[1:]) if path.startswith("\0") else path.encode() for path in paths
    }
    assert back == set(names)


def test_a_report_is_written_beside_the_lines(trees: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    status, output, _ = says("--html", page, *trees)
    assert (status, len(output)) == (1, 4)
    text = page.read_text(encoding="utf-8")
    assert "logs/2024/a" in text
    assert text.endswith("</html>\n")


def test_a_full_disk_under_the_report_is_trouble(trees: tuple[Path, Path]) -> None:
    status, _, errors = says("--html", "/dev/full", *trees)
    assert (status, errors[-1]) == (2, "komparu: cannot write /dev/full: No space left on device")
    status, _, errors = says("--html", "/no/such/page.html", *trees)
    assert status == 2
    assert errors[-1] == "komparu: cannot write /no/such/page.html: No such file or directory"


def test_a_report_that_does_not_fit_is_left_empty_and_the_lines_are_printed(
    trees: tuple[Path, Path], tmp_path: Path
) -> None:
    expected = says(*trees)[1]
    page = tmp_path / "report.html"
    page.write_text("an older report")
    # A limit of one KiB for a file is a disk that is full after one.
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *MODULE]
    command = [*limited, "--html", str(page), *map(str, trees)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    *_, summary, last = done.stderr.splitlines()
    assert (done.returncode, done.stdout.splitlines()) == (2, expected)
    assert "equal" in summary
    assert last == f"komparu: cannot write {page}: File too large"
    assert page.read_bytes() == b""


def test_a_map_of_urls_that_is_not_there_is_named_first(trees: tuple[Path, Path]) -> None:
    expected = "/no/such/map.json: No such file or directory"
    arguments: list[str | Path] = ["--urls", "/no/such/map.json", trees[0]]
    assert says(*arguments) == (2, [], [f"komparu: {expected}"])
    _, output, _ = says("--json", *arguments)
    assert json.loads(output[0])["message"] == expected


def test_more_than_two_sources_print_their_groups(tmp_path: Path) -> None:
    files = [tmp_path / name for name in "abc"]
    for file, content in zip(files, ["1", "2", "1"], strict=True):
        file.write_text(content)
    a, b, c = files
    assert says(a, b, c) == (1, [f"1 {a}", f"1 {c}", f"2 {b}"], [])
    assert says(a, c, a) == (0, [], [])
    assert says("-v", a, c, a) == (0, [f"1 {a}", f"1 {c}", f"1 {a}"], [])
    _, output, _ = says("--json", a, b, c)
    assert json.loads(output[0])["groups"] == [[str(a), str(c)], [str(b)]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense", "a", "b"], "unrecognized arguments: --nonsense"),
        (["--json-lines", "a", "b"], "--json-lines is for directories, archives and --urls"),
        (
            ["--chunk-size", "64X", "a", "b"],
            "argument --chunk-size: '64X' is not a number of bytes, such as 64K (K, M, G, T or P)",
        ),
        (
            ["--timeout", "5x", "a", "b"],
            "argument --timeout: '5x' is not a time, such as 5m (ms, s, m, h or d)",
        ),
        (["--max-workers", "1.5", "a", "b"], "argument --max-workers: '1.5' is not a whole number"),
        (["a"], "there is nothing to compare it with"),
    ],
)
def test_usage_errors_are_one_line(arguments: list[str], message: str) -> None:
    expected = f"komparu: {message}; try 'komparu --help'"
    assert says(*arguments) == (2, [], [expected])


@pytest.mark.parametrize("option", [it for it in _core.options() if it["kind"] in NUMBERS])
@pytest.mark.parametrize("text", ["", "many", "5x", "--5", "1,5", "5m5", f"{'9' * 400}.5k"])
def test_every_number_says_what_it_may_be(option: dict[str, Any], text: str) -> None:
    name = f"--{option['name'].replace('_', '-')}"
    if (option["kind"], text) == ("seconds", "5m5"):
        text = "5h5"
    _, allowed = NUMBERS[option["kind"]]
    if option["or_none"]:
        allowed += ", or none"
    expected = f"komparu: argument {name}: {text!r} is not {allowed}; try 'komparu --help'"
    assert says(f"{name}={text}", "a", "b") == (2, [], [expected])


def test_sizes_and_times_take_units(trees: tuple[Path, Path]) -> None:
    for options in [
        ["--chunk-size", "64K"],
        ["--chunk-size=1MiB"],
        ["--chunk-size", "1.5k"],
        ["--comparison-timeout", "5m"],
        ["--comparison-timeout", "250ms", "--chunk-size", "4kb"],
    ]:
        assert says(*options, *trees)[0] == 1, options
    status, _, errors = says("--comparison-timeout", "1ms", "--chunk-size", "2G", *trees)
    assert (status, errors) == (2, ["komparu: chunk_size must be <= 1GB"])


def test_two_archives_that_differ_as_files_are_given_a_hint(trees: tuple[Path, Path]) -> None:
    files = [packed(tree) for tree in trees]
    _, _, errors = says(*files)
    assert errors == ["komparu: both look like archives; --archive compares what is in them"]
    assert says("--json", *files)[2] == []


def test_a_manifest_beside_a_directory_is_told_by_its_content(tmp_path: Path) -> None:
    tree, sums = tmp_path / "tree", tmp_path / "SHA256SUMS"
    tree.mkdir()
    (tree / "a").write_bytes(b"1")
    komparu.write_manifest(tree, sums)
    for name in (str(sums), sums.as_uri()):
        for sources in ((tree, name), (name, tree)):
            assert says(*sources)[:2] == (0, []), sources
    (tree / "a").write_bytes(b"2")
    assert says(tree, sums)[:2] == (1, ["* a (content_mismatch)"])
    hint = "komparu: one looks like a manifest; --manifest takes a manifest and a tree"
    archive = packed(tree)
    assert says(archive, sums)[2] == [hint]
    for files in ((archive, sums), (sums, archive)):
        status, output, errors = says("--archive", *files)
        assert (status, output) == (2, [])
        assert errors == [hint, f"komparu: {sums}: is no archive of a known format"]


def test_a_map_that_cannot_be_read_is_named(trees: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    for text, cause in [
        ('{"a": ', "Expecting value: line 1 column 7 (char 6)"),
        ("[1]", "a map of URLs is a JSON object"),
        ('{"a": 1}', "url_map['a'] must be a string or an object"),
    ]:
        file.write_text(text)
        assert says("--urls", file, trees[0]) == (2, [], [f"komparu: {file}: {cause}"])


def test_a_link_that_leads_nowhere_is_given_a_hint(tmp_path: Path) -> None:
    for name in ["a", "b"]:
        (tmp_path / name).mkdir()
    (tmp_path / "a/x").symlink_to("nowhere")
    (tmp_path / "b/x").write_text("a file")
    _, output, errors = says(tmp_path / "a", tmp_path / "b")
    assert output == ["* x (type_mismatch)"]
    hint = "komparu: a link leads nowhere; --no-follow-symlinks compares links by their targets"
    assert errors[-1] == hint


def test_max_differences_ends_it_and_says_so(trees: tuple[Path, Path]) -> None:
    status, output, errors = says("--max-differences", "2", *trees)
    assert (status, len(output)) == (1, 2)
    assert errors[0].endswith("(not complete)")


def test_ctrl_c_prints_what_was_found_so_far(tmp_path: Path, long_work: tuple[Path, Path]) -> None:
    left, right = tmp_path / "l", tmp_path / "r"
    for root, content, long in [(left, "1", long_work[0]), (right, "2", long_work[1])]:
        root.mkdir()
        (root / "differs").write_text(content)
        (root / "long").symlink_to(long)
        (root / "slow").mkdir()
        (root / "slow" / "long").symlink_to(long)
    options = ["--json-lines", "--max-workers", "1", "--chunk-size", "1"]
    command = [*MODULE, *options, str(left), str(right)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        first = json.loads(child.stdout.readline())
        interrupt(child)
        output, errors = child.communicate()
    assert (child.returncode, first["path"]) == (130, "differs")
    whole = json.loads(output.splitlines()[-1])
    assert (whole["complete"], whole["summary"]["differing"]) == (False, 1)
    assert TIME.sub("", errors).endswith("(interrupted)\n")


def terminal(
    *arguments: str | Path,
    columns: int = 80,
    environment: dict[str, str] | None = None,
    isolated: bool = True,
) -> str:
    """What a terminal of so many columns is sent."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    given |= {"TERM": "xterm", **(environment or {})}
    # An isolated Python takes no notice of PYTHONUTF8.
    command = MODULE if isolated else [MODULE[0], *MODULE[2:]]
    with subprocess.Popen(
        [*command, *arguments], stdin=child, stdout=child, stderr=child, env=given
    ) as process:
        os.close(child)
        shown = b""
        while True:
            try:
                more = os.read(parent, 1 << 16)
            except OSError:
                break
            if not more:
                break
            shown += more
        process.wait()
    os.close(parent)
    return shown.decode(errors="surrogateescape")


def test_lines_have_colours_on_a_terminal_unless_that_is_not_wanted(
    trees: tuple[Path, Path],
) -> None:
    assert "\x1b[31m- logs/ (3 files)\x1b[0m" in terminal(*trees)
    for plain in [{"NO_COLOR": "1"}, {"TERM": "dumb"}]:
        assert "\x1b[3" not in terminal(*trees, environment=plain)
    assert "\x1b" not in "".join(says(*trees)[1])


def test_the_progress_line_fits_whatever_a_name_holds() -> None:
    names = ["x" * 200, "\x1b[31m\u202e\n" * 50, "日本" * 100, "a/" + "日" * 40, "é日" * 60, "日a"]
    for name in names:
        for width in range(100):
            progress = komparu.Progress(3, 5, 10, 20, 0, 0, name, 1.0)
            shown = pictured(progress, width)
            columns = sum(2 if unicodedata.east_asian_width(it) in "WF" else 1 for it in shown)
            assert columns <= width, shown
            assert shown.isprintable()
    assert shown.endswith("  日a")


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_no_byte_of_a_name_drives_an_8_bit_terminal(tmp_path: Path, locale: str) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    right.mkdir()
    for name in [b"csi\x9b31m", b"caf\xe9", "日本語".encode(), b"two\xc2\x9b"]:
        path = left / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("1")
    environment = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    shown = terminal(left, right, environment=environment | {"NO_COLOR": "1"}, isolated=False)
    assert shown.splitlines()[:4] == [
        "- caf\udce9",
        "- csi\\x9b31m",
        "- two\\x9b",
        "- 日本語",
    ]


@pytest.mark.parametrize("columns", [80, 20, 1])
def test_the_progress_line_fits_the_terminal_and_goes_away(
    long_work: tuple[Path, Path], columns: int
) -> None:
    # Longer than the first interval, whatever the machine: each byte is looked at by itself.
    options = ["--chunk-size", "1", "--comparison-timeout", "1", "--max-workers", "1"]
    shown = terminal(*options, *long_work, columns=columns)
    pictures = shown.split("\r\x1b[K")
    assert len(pictures) > 2, "it was drawn"
    drawn = pictures[1:-1]
    assert all(len(picture) < max(columns, 2) for picture in drawn), drawn
    assert "komparu: " in pictures[-1], "the error stands on a line of its own"
    assert "\x1b[K" not in terminal("--no-progress", *options, *long_work, columns=columns)


def test_the_width_is_that_of_the_terminal_where_the_progress_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    with open(parent, "rb"), open(child, "w") as stream:  # noqa: PTH123
        assert columns_of(stream) == 20
    monkeypatch.setenv("COLUMNS", "33")
    with Path(os.devnull).open("w") as stream:
        assert columns_of(stream) == 33
