"""Every pair of several sources, without storing any."""

from __future__ import annotations

from _collections_abc import Iterator, Mapping, Sequence

__all__ = ["Pairs"]


class Pairs(Mapping[tuple[str, str], bool]):
    """Whether sources are identical, for every two of a list, the earlier one first.

    Read-only, and computed when asked: a thousand sources have half a million pairs.

    A name that the list has several times, as a text given twice or under settings of its own each
    time, stands for all of these sources: a pair of names is identical if every pair of sources of
    these names, the earlier one first, is.
    """

    __slots__ = ("_groups", "_known_places", "_names")

    _groups: Sequence[int]
    _names: Sequence[str]
    _known_places: dict[str, list[int]] | None

    def __init__(self, names: Sequence[str], groups: Sequence[int]) -> None:
        """Take the sources' names, and for each the number of the group that it is in."""
        self._names = tuple(names)
        self._groups = tuple(groups)
        self._known_places = None

    @property
    def _places(self) -> dict[str, list[int]]:
        """Where each name is in the list: made when first asked for, often never."""
        if self._known_places is None:
            places: dict[str, list[int]] = {}
            for place, name in enumerate(self._names):
                places.setdefault(name, []).append(place)
            self._known_places = places
        return self._known_places

    def __getitem__(self, pair: tuple[str, str]) -> bool:
        """Whether two sources are identical."""
        match pair:
            case (str() as first, str() as second):
                verdicts = [
                    self._groups[one] == self._groups[two]
                    for one in self._places.get(first, ())
                    for two in self._places.get(second, ())
                    if one < two
                ]
                if verdicts:
                    return all(verdicts)
        raise KeyError(pair)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Every pair, in the order of the list."""
        for first, places in self._places.items():
            for second in dict.fromkeys(self._names[places[0] + 1 :]):
                yield first, second

    def __len__(self) -> int:
        """How many pairs there are."""
        if len(self._places) == len(self._names):
            return len(self._names) * (len(self._names) - 1) // 2
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        """Whether a mapping says the same of the same pairs."""
        if isinstance(other, Pairs) and (self._names, self._groups) == (
            other._names,
            other._groups,
        ):
            return True
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # as of any mapping

    def __reduce__(self) -> tuple[type[Pairs], tuple[Sequence[str], Sequence[int]]]:
        """Pickle what it was made of."""
        return type(self), (self._names, self._groups)

    def __repr__(self) -> str:
        """Show what it was made of, which is far less than all pairs."""
        return f"{type(self).__name__}({list(self._names)!r}, {list(self._groups)!r})"
