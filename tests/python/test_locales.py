"""Names are bytes, whatever the locale takes them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from children import run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write


@pytest.mark.parametrize("name", [b"caf\xc3\xa9", b"caf\xe9", b"\xff\xfe", b"plain"])
@pytest.mark.parametrize(
    ("encoding", "environment"),
    [
        ("utf-8", {"LC_ALL": "C"}),
        ("ascii", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ("iso8859-1", {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"}),
    ],
)
def test_names_are_bytes_in_any_locale(
    write: Write, name: bytes, encoding: str, environment: dict[str, str], locales: Path
) -> None:
    a, b = write(name, b"x"), write("b", b"x")
    code = """
name = next(name for name in os.listdir(sys.argv[1]) if name != "b")
path = os.path.join(sys.argv[1], name)
print(sys.getfilesystemencoding(), komparu.compare(path, sys.argv[2]))
os.unlink(path)
try:
    komparu.compare(path, sys.argv[2])
except komparu.SourceNotFoundError as error:
    print(error.source == path, len(str(error).splitlines()))
"""
    output = run(code, a.parent, b, environment={**environment, "LOCPATH": str(locales)})
    assert output.split() == [encoding, "True", "True", "1"]
