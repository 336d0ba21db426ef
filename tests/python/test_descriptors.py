"""Connections that are kept for later give way when a descriptor is wanted."""

from __future__ import annotations

import errno
import http.server
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from children import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="uses many loopback addresses")


class _Ok(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Serve `ok` at every address of this machine, and keep connections."""
    with http.server.ThreadingHTTPServer(("", 0), _Ok) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


#: Fetches from several servers, so that connections are kept, and then leaves so many descriptors.
SCARCE = """
import resource
path, port, left = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
urls = [f"http://127.0.0.{number}:{port}/" for number in range(1, 13)]
for url in urls:
    assert komparu.compare(url, path / "ok")
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
kept = sum(os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
           for name in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{name}"))
assert kept >= 12, kept
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for descriptor in taken[:left]:
    os.close(descriptor)
"""


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    (tmp_path / "ok").write_bytes(b"ok")
    (tmp_path / "same").write_bytes(b"ok")
    for side in "ab":
        (tmp_path / side).mkdir()
        (tmp_path / side / "file").write_bytes(b"ok")
    return tmp_path


@pytest.mark.parametrize(
    "call",
    [
        'komparu.compare(path / "ok", path / "same")',
        'bool(komparu.compare_dir(path / "a", path / "b"))',
        'komparu.compare_many([path / "ok", path / "same"]).all_equal',
        'komparu.compare(f"http://127.0.0.99:{port}/", f"http://127.0.0.98:{port}/")',
        'komparu.compare(f"http://127.0.0.99:{port}/", path / "ok")',
    ],
)
def test_kept_connections_give_way(trees: Path, port: int, call: str) -> None:
    # None is left: what is needed is that of the connections.
    assert run(f"{SCARCE}\nprint({call})", trees, str(port), "0") == "True\n"


def test_without_kept_connections_the_error_is_what_it_is(trees: Path, port: int) -> None:
    code = """
for _ in range(2):
    try:
        descriptors = []
        while True:
            descriptors.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        print(komparu.compare(path / "ok", path / "same"))
    except komparu.SourceReadError as error:
        print(error.strerror)
"""
    lines = run(SCARCE + code, trees, str(port), "0").splitlines()
    assert lines == ["True", "Too many open files"]


#: Leaves so many descriptors before komparu is imported, or before its first use of libcurl, which
#: takes four to six for itself: with less the `curl` crate would panic.
FEW = """
import os, resource, sys
path, url, left, first = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
import asyncio, encodings.idna, fcntl, selectors, socket
def leave():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for descriptor in taken[:left]:
        os.close(descriptor)
if first == "import":
    leave()
import komparu, komparu.aio
if first == "use":
    leave()
if first == "loop":
    loop = asyncio.new_event_loop()
    leave()
    compare = lambda *sources: loop.run_until_complete(komparu.aio.compare(*sources))
else:
    compare = komparu.compare
for _ in range(2):
    try:
        print(compare(url, path))
    except komparu.SourceReadError as error:
        print(error.strerror, error.errno)
"""


def said_with(left: int, first: str, url: str, trees: Path) -> list[str]:
    """Compare twice, with so many descriptors; nothing may be written to the terminal."""
    command = [sys.executable, "-I", "-c", FEW, str(trees / "ok"), url, str(left), first]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (0, ""), left
    return done.stdout.splitlines()


@pytest.mark.parametrize("first", ["import", "use", "loop"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_with_few_descriptors_there_is_an_answer_or_an_error_that_says_so(
    trees: Path, port: int, first: str, host: str
) -> None:
    few, outcomes, said = f"Too many open files {errno.EMFILE}", set[str](), list[str]()
    # One to import komparu with; up to 10 for a loop that waits for a file and a URL.
    for left in range(1, 12):
        said = said_with(left, first, f"http://{host}:{port}/", trees)
        assert set(said) <= {few, "True"}, (left, said)
        outcomes.update(said)
    assert outcomes == {few, "True"}
    assert set(said) == {"True"}


def test_certificates_that_cannot_be_opened_are_not_to_blame(trees: Path, port: int) -> None:
    # How many are enough for the connection and no more depends on libcurl.
    for left in range(1, 12):
        said = said_with(left, "use", f"https://127.0.0.1:{port}/", trees)
        assert not any("certificate" in line for line in said), left
    assert all("no TLS there" in line for line in said)
