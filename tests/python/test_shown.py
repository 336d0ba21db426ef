"""What objects show of themselves: in logs and tracebacks, where no secret belongs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from children import run
from hostile import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hostile import Hostile


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_source_shows_no_credentials(scheme: str) -> None:
    url = f"{scheme}://me:s3cret@host/p?q=1"
    headers = {"Authorization": "Bearer s3cret", "Accept": "s3cret"}
    proxy = "socks5h://you:s3cret@proxy:1080"
    source = komparu.Source(url, headers, timeout=3, proxy=proxy)
    expected = (
        f"Source(url='{scheme}://***@host/p?q=1',"
        " headers={'Authorization': '***', 'Accept': '***'},"
        " timeout=3, proxy='socks5h://***@proxy:1080')"
    )
    assert repr(source) == expected
    assert "s3cret" not in str([source])
    assert source.url == url
    assert source.headers == headers


@pytest.mark.parametrize(
    "text",
    [
        "http://user:s3/cret@h:1/f",
        "http://user:s3#cret@h:1/f",
        "http://user:s3?cret@h:1/f",
        "http://user:s3@cret@h:1/f",
        "http://user:s3cret@h:x/f",
        " http://user:s3cret@h:1/f",
        "\thttp://user:s3cret@h:1/f",
        "http:/user:s3cret@h:1/f",
        "http//user:s3cret@h:1/f",
        "htp://user:s3cret@h:1/f",
        "ftp://user:s3cret@h/f",
        "file://user:s3cret@host/f",
        "file://user:s3/cret@host/f",
        "user:s3cret@h/f",
        "//user:s3cret@h/f",
        "//user:s3/cret@h/f",
        "url=http://user:s3cret@h/f",
        "http ://user:s3cret@h/f",
        "http;//user:s3cret@h/f",
        "http://localhost:s3/cret@h/f",
        "https://user:s3cret@[::1]:1/f",
        "http://127.0.0.1:1/f?q-ak=s3cret&hm=s3cret&pass=s3cret",
        "http://127.0.0.1:1/f?X-Amz-Credential=s3cret&X-Amz-Security-Token=s3cret",
        "http://127.0.0.1:1/f?se=2030&sig=s3cret#token=s3cret",
        " http://h/f?X-Amz-Signature=s3cret",
    ],
)
def test_what_was_meant_as_a_url_shows_no_secret(text: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    told: list[object] = []
    calls: list[Callable[[], object]] = [
        lambda: komparu.compare(file, text),
        lambda: komparu.compare_many([file, text]),
        lambda: komparu.compare_all([file, text]),
        lambda: komparu.first_difference(file, text),
        lambda: komparu.compare_trees({"file": text}, tmp_path).to_html(),
        lambda: str(komparu.compare_trees(tmp_path, {"file": text})),
        lambda: list(komparu.iter_trees({"file": text}, {"file": text})),
        lambda: komparu.compare_dir_urls(tmp_path, {"file": text}).to_dict(),
        lambda: komparu.compare_dir(tmp_path, text),
        lambda: komparu.compare_archive(file, text),
        lambda: komparu.compare_dir_urls(tmp_path, {"file": text}),
        lambda: komparu.Source(text),
        lambda: komparu.compare(file, "http://127.0.0.1:1/", proxy=f"http{text[4:]}"),
    ]
    for call in calls:
        try:
            told.append(call())
        except (komparu.KomparuError, ValueError) as error:
            told += [str(error), repr(error), vars(error), traceback.format_exc()]
    shown = [line for line in map(str, told) for line in line.split("\n") if "s3" in line]
    # Tracebacks show the lines of this file, too.
    secrets = ("s3cret", "s3/", "s3#", "s3?", "s3@", "cret@")
    assert not [line for line in shown if any(secret in line for secret in secrets)]


@pytest.mark.parametrize("option", ["--urls", "--html"])
def test_a_file_that_is_not_found_shows_no_secret_on_the_command_line(
    option: str, tmp_path: Path
) -> None:
    """A URL may stand in the wrong place."""
    (tmp_path / "a").mkdir()
    trees = [str(tmp_path / "a"), str(tmp_path)]
    command = [sys.executable, "-I", "-m", "komparu", option, "http://user:s3cret@h/f"]
    for output in ([], ["--json"]):
        sources = trees[:1] if option == "--urls" else trees
        done = subprocess.run(
            [*command, *output, *sources], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 2
        assert "s3cret" not in done.stdout + done.stderr
        assert "http:" in done.stdout + done.stderr
    assert sorted(it.name for it in tmp_path.iterdir()) == ["a"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--timeout", "@", "f", "f"],
        ["--chunk-size", "@", "f", "f"],
        ["--context", "@", "f", "f"],
        ["--isolate", "@", "t", "t"],
        ["--ignore-from", "@", "t", "t"],
        ["--headers", "@", "f", "http://127.0.0.1:1/"],
        ["--manifest-format", "@", "--write-manifest", "sha256", "t"],
        ["--max-workers=@", "f", "f"],
        ["--unknown=@", "f", "f"],
        ["-@", "f"],
        ["--@", "f"],
    ],
)
def test_a_misplaced_argument_of_the_command_line_shows_no_secret(
    arguments: list[str], tmp_path: Path
) -> None:
    for text in [
        "http://user:s3cret@h/f",
        "\thttp://user:s3/cret@h/f",
        f"http://user:s3cret@h/{'x' * 300}",
        "http:/user:s3cret@h/f",
        "user:s3cret@h/f",
        "//user:s3cret@h/f",
        "http://h/f?X-Amz-Signature=s3cret&x=1#token=s3cret",
    ]:
        given = [argument.replace("@", text, 1) for argument in arguments]
        done = subprocess.run(
            [sys.executable, "-I", "-m", "komparu", *given],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        # From Python 3.13 on, -http://... is -h, whatever follows.
        assert done.returncode == (0 if done.stdout.startswith("usage: ") else 2)
        output = done.stdout + done.stderr
        assert "s3" not in output, output
        assert "cret@" not in output, output


@pytest.mark.parametrize("text", ["http://user:s3cret@h/f", "user:s3cret@h/f", "//user:s3cret@h/f"])
def test_what_stands_in_a_place_for_something_else_shows_no_secret(
    text: str, tmp_path: Path
) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as made:
        made.addfile(tarfile.TarInfo("f"))
    content = komparu.Content(b"x", text)
    root = text.strip("/")
    assert "s3cret" not in repr(content)
    assert "s3cret" not in repr(komparu.Archive(archive, root))
    calls: list[Callable[[], object]] = [
        lambda: komparu.compare_trees(komparu.Archive(archive, root), tmp_path),
        lambda: komparu.Archive(archive, f"//user:s3cret@{text}"),
        lambda: komparu.Archive(archive, f"{root}/.."),
        lambda: komparu.compare_archive(archive, content),
        lambda: komparu.compare_trees(komparu.Manifest(content), tmp_path),
        lambda: komparu.compare(archive, text, headers={f"X: {text}": ""}),
        lambda: komparu.compare(archive, text, headers={f"Bearer {text}": ""}),
        lambda: komparu.verify_installed(text),
        lambda: komparu.compare_dir_urls(tmp_path, {f"//user:s3cret@{text}": archive}),
    ]
    for call in calls:
        with pytest.raises(Exception) as raised:  # noqa: PT011  # of several kinds
            call()
        assert "s3cret" not in str(raised.value), raised.value


def test_what_nearly_is_a_url_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for text in [" http://127.0.0.1:1/", "http:/127.0.0.1:1/", " https://h/" + "x" * 300]:
        with pytest.raises(komparu.KomparuError, match="a URL begins with http:// or https://"):
            komparu.compare(file, text)


def test_a_proxy_that_is_none_is_refused_before_anything_is_sent() -> None:
    for options in [{"proxy": "http://me:s3/cret@proxy"}, {"proxy": "socks5://h:x"}]:
        with pytest.raises(ValueError, match="proxy is no valid URL") as raised:
            komparu.Source("http://h/", **options)  # type: ignore[arg-type]
        assert "s3" not in str(raised.value)
        with pytest.raises(komparu.ConfigError, match="proxy is no valid URL"):
            komparu.configure(**options)  # type: ignore[arg-type]


def test_a_proxy_of_the_environment_that_is_none_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for proxy in ["http://me:s3/cret@proxy", "gopher://me:s3cret@proxy"]:
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(komparu.SourceReadError, match="environment names is no valid") as told:
            komparu.compare("http://h/", file)
        assert "s3" not in str(told.value)


def test_a_source_shows_what_is_set() -> None:
    assert repr(komparu.Source("a@b")) == "Source(url='a@b')"
    assert repr(komparu.Source(Path("p"))) == "Source(url='p')"
    assert repr(komparu.Source(b"\xff", verify_ssl=False)) == (
        "Source(url='\\udcff', verify_ssl=False)"
    )


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_the_configuration_shows_no_credentials() -> None:
    komparu.configure(headers={"Cookie": "s3cret"}, proxy="http://me:s3cret@proxy")
    text = repr(komparu.get_config())
    assert "s3cret" not in text
    assert "headers={'Cookie': '***'}" in text
    assert "proxy='http://***@proxy'" in text
    assert text.startswith("KomparuConfig(chunk_size=65536, ")
    assert "ignore=None" in text


def test_nothing_is_printed_and_one_record_without_secrets_is_logged(
    hostile: Hostile, tmp_path: Path
) -> None:
    """By komparu or what it is built on, whatever they are told to tell: a record a call."""
    there = hostile.url("/there", answer("Content-Length: 2", body=b"ok"))
    moved = hostile.url("/moved", answer(f"Location: {there}", status="302 Found"))
    gone = hostile.url("/gone", answer("Content-Length: 0", status="410 Gone"))
    broken = hostile.url("/broken", answer("Content-Length: 2", body=b"o"))
    (tmp_path / "file").write_bytes(b"ok")
    code = """
import logging
records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())
logging.basicConfig(level=logging.NOTSET, handlers=[Keep()])
answers = []
for url in ["me:s3cret@nowhere", "//me:s3cret@nowhere", *sys.argv[2:]]:
    url = url.replace("http://", "http://me:s3cret@")
    source = komparu.Source(url, headers={"Authorization": "s3cret"})
    try:
        answers.append(komparu.compare(source, sys.argv[1]))
    except komparu.KomparuError as error:
        answers.append(type(error).__name__)
print(answers, len(records), "s3cret" in str(records))
"""
    words = {"RUST_LOG": "trace", "CURL_DEBUG": "all", "CURL_VERBOSE": "1"}
    printed = run(code, tmp_path / "file", there, moved, gone, broken, environment=words)
    answers = ["SourceNotFoundError"] * 2 + [True, True, "SourceNotFoundError", "SourceReadError"]
    assert printed == f"{answers} 6 False\n"
