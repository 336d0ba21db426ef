"""Draws the HTML report and the table of a notebook, as a browser shows them.

    python scripts/picture_report.py docs/assets

Needs chromium, and komparu and rich installed beside this Python.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from picture import lay_out

import komparu

#: What stands around a table in a notebook: the cell, its number, and the style of its output.
NOTEBOOK = """\
<!DOCTYPE html><meta charset="utf-8"><style>
body { margin: 0; padding: 12px; font: 13px/1.5 system-ui, sans-serif; background: #fff; }
pre { font: 13px/1.5 ui-monospace, monospace; background: #f5f5f5; padding: 6px; margin: 0 0 6px; }
i { font: 13px ui-monospace, monospace; color: #307fc1; display: block; margin-bottom: 4px; }
table { border-collapse: collapse; font-size: 12px; }
td, th { padding: 4px 8px; text-align: right; }
tbody tr:nth-child(odd) { background: #f5f5f5; }
</style><i>In [1]:</i><pre>import komparu
komparu.compare_dir("backup", "site", where=True)</pre><i>Out[1]:</i>"""


def draw(page: Path, picture: Path, size: str) -> None:
    """Have the browser draw a page."""
    command = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars"]
    subprocess.run(
        [*command, f"--window-size={size}", f"--screenshot={picture}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=60,
    )


def main() -> None:
    """Draw both."""
    where = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as home:
        place = Path(home)
        lay_out(place)
        for number in range(3, 12):
            (place / "backup" / "logs" / f"{number}.log").unlink()
        result = komparu.compare_dir(place / "backup", place / "site", where=True)
        for name, text, size in [
            ("report", result.to_html(), "760,340"),
            ("notebook", NOTEBOOK + result._repr_html_(), "620,320"),
        ]:
            page = place / f"{name}.html"
            page.write_text(text, encoding="utf-8")
            draw(page, where / f"{name}.png", size)


if __name__ == "__main__":
    main()
