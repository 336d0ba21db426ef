"""Archives of any sequence of entries, against a model of what unpacking them would leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import packing
from komparu import compare_archive
from packing import link, member, symlink, tar

if TYPE_CHECKING:
    import random
    import tarfile
    from pathlib import Path

LONG = packing.noise(70_000)
NAMES = ["a", "b", "c", "d/e"]
#: Of equal length or not, short or longer than what is handed over at a time.
CONTENTS = [b"", b"1", b"2", b"12", LONG, LONG[:-1] + b"?", packing.noise(300_000)]

#: A content, or the target of a symbolic link.
State = dict[str, bytes | str]


def sequence(chance: random.Random) -> tuple[list[tuple[tarfile.TarInfo, bytes]], State]:
    """Make up entries, and say what they leave: a name counts by its last entry."""
    members, state = [], State()
    for _ in range(chance.randrange(9)):
        name, kind = chance.choice(NAMES), chance.randrange(10)
        if kind == 0:
            target = chance.choice(["x", "y"])
            members.append(symlink(name, target))
            state[name] = target
        elif kind in (1, 2) and (targets := sorted(state.keys() - {name})):
            target = chance.choice(targets)
            members.append(link(name, target))
            state[name] = state[target]
        else:
            content = chance.choice(CONTENTS)
            members.append(member(name, content))
            state[name] = content
    return members, state


def reason(a: bytes | str, b: bytes | str) -> str:
    """Say how two that are not the same differ."""
    if type(a) is not type(b):
        return "type_mismatch"
    if isinstance(a, str) or len(a) == len(b):
        return "content_mismatch"
    return "size_mismatch"


@pytest.mark.parametrize("seed", range(150))
def test_entries_stand_for_what_unpacking_would_leave(tmp_path: Path, seed: int) -> None:
    chance = packing.chance(seed)
    left, lefts = sequence(chance)
    right, rights = (left, lefts) if seed % 5 == 0 else sequence(chance)
    mode = chance.choice(["w", "w:gz"])
    a, b = tar(tmp_path / "a", left), tar(tmp_path / "b", [*right, member("z")], mode)
    for hash_compare in (False, True):
        result = compare_archive(a, b, hash_compare=hash_compare)
        assert {path: why.value for path, why in result.diff.items()} == {
            name: reason(lefts[name], rights[name])
            for name in lefts.keys() & rights.keys()
            if lefts[name] != rights[name]
        }
        assert result.only_left == lefts.keys() - rights.keys()
        assert result.only_right == {"z", *rights} - lefts.keys()
        assert result.errors == set()
