"""Names are bytes, whatever the locale takes them for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from children import run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write


@pytest.fixture(scope="session")
def latin_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of locales with one in it, en_US.ISO-8859-1, which few machines still have."""
    directory = tmp_path_factory.mktemp("locales")
    letters = {
        "upper": [f"<U{code:04X}>" for code in range(0x41, 0x5B)],
        "lower": [f"<U{code:04X}>" for code in range(0x61, 0x7B)],
    }
    pairs = [f"({a},{b})" for a, b in zip(letters["lower"], letters["upper"], strict=True)]
    classes = [f"{name} {';'.join(members)}" for name, members in letters.items()]
    source = ["comment_char %", "escape_char /", "LC_CTYPE", *classes]
    source += [f"toupper {';'.join(pairs)}", "END LC_CTYPE", ""]
    charmap = ["<code_set_name> ISO-8859-1", "<comment_char> %", "<escape_char> /"]
    charmap += ["<mb_cur_min> 1", "<mb_cur_max> 1", "CHARMAP"]
    charmap += [f"<U{code:04X}> /x{code:02x} character" for code in range(256)]
    charmap += ["END CHARMAP", ""]
    (directory / "source").write_text("\n".join(source))
    (directory / "charmap").write_text("\n".join(charmap))
    command = ["localedef", "--force", "--no-archive", "-i", "source", "-f", "charmap"]
    # It warns of all that is missing, and its status says so, too.
    subprocess.run(
        [*command, "./en_US.ISO-8859-1"], cwd=directory, capture_output=True, check=False
    )
    assert (directory / "en_US.ISO-8859-1" / "LC_CTYPE").is_file()
    return directory


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
    write: Write, name: bytes, encoding: str, environment: dict[str, str], latin_1: Path
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
    output = run(code, a.parent, b, environment={**environment, "LOCPATH": str(latin_1)})
    assert output.split() == [encoding, "True", "True", "1"]
