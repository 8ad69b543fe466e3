"""A collection of records by id that knows their order by creation and by last change."""

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

import attrs


class Record(Protocol):
    """What can stand on a shelf."""

    id: str
    updated_at: float


R = TypeVar("R", bound=Record)


@attrs.frozen
class Shelf(Mapping[str, R]):
    """Records by id; iterates in the order of creation."""

    _created: dict[str, R] = attrs.field(factory=dict[str, R])
    # The same records, each moved to the end when it changes: the order by `updatedAt` costs no sorting, and
    # is right even between changes in the same second.
    _changed: dict[str, R] = attrs.field(factory=dict[str, R])

    def put(self, record: R, at: float) -> None:
        """Add a record, or note that it changed."""
        record.updated_at = at
        self._created[record.id] = record
        self._changed.pop(record.id, None)
        self._changed[record.id] = record

    def remove(self, record: R) -> None:
        """Take a record away."""
        del self._created[record.id], self._changed[record.id]

    def by_creation(self, *, descending: bool) -> Iterator[R]:
        """Iterate in the order of creation."""
        return reversed(self._created.values()) if descending else iter(self._created.values())

    def by_change(self, *, descending: bool) -> Iterator[R]:
        """Iterate in the order of the last change."""
        return reversed(self._changed.values()) if descending else iter(self._changed.values())

    def __getitem__(self, key: str) -> R:
        return self._created[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._created)

    def __len__(self) -> int:
        return len(self._created)
