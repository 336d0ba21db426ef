"""Why the compiled part is not to be found. Loaded only then."""

from __future__ import annotations

import os
import sys

__all__ = ["explanation"]


def explanation(package: str) -> str:
    """Say what is wrong with the place that the package was found in, and what to do."""
    if not os.path.isdir(package):  # noqa: PTH112  # pathlib would be one more thing to import
        return (
            f"komparu cannot be imported from inside a zip archive ({package}): no compiled module"
            " can. Install it beside the archive, or pack with shiv or pex, which unpack themselves"
        )
    python = f"{sys.implementation.name} {sys.version.split()[0]}"
    return (
        f"komparu's compiled part in {package} is missing, or is for another Python than this one "
        f"({python} on {sys.platform}): install komparu with this Python's pip"
    )
