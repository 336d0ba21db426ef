"""What the site of the documentation needs beyond its configuration.

Diagrams are drawn in the reader's browser by Mermaid. The theme would load it from somewhere else;
here the site brings it along, and only the pages with a diagram load it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError
from mkdocs.utils import get_relative_url

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

# `make docs` has npm put it there.
_BROUGHT = Path(".build/mermaid/package/dist/mermaid.min.js")
_SERVED = "assets/javascripts/mermaid.min.js"


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Load Mermaid before the theme looks for it, where there is a diagram."""
    del config
    if 'class="mermaid"' not in output:
        return output
    script = f'<script src="{get_relative_url(_SERVED, page.url)}"></script>\n'
    before, end, after = output.rpartition("</body>")
    place = before.rindex("<script src=")
    return before[:place] + script + before[place:] + end + after


def on_post_build(*, config: MkDocsConfig) -> None:
    """Put Mermaid into the site."""
    if not _BROUGHT.exists():
        message = f"{_BROUGHT} is not there: build the site with `make docs`"
        raise PluginError(message)
    served = Path(config.site_dir, _SERVED)
    served.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_BROUGHT, served)
