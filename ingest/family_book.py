"""The families of a snapshot, and how new ones come in beside them.

What somebody said goes before what hubtrace found. A family that was said replaces the one of its
name, and its variants leave the families that were found; one that was found gains members, and
takes none from a family that was said.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from ingest.records import Family
from ingest.snapshot import SnapshotWriter
from ingest.targets import FamilyTarget


class FamilyBook:
    """The families of the snapshot that `writer` writes, read once."""

    def __init__(self, writer: SnapshotWriter) -> None:
        self._writer = writer
        self._families = {family.name: family for family in writer.snapshot.families()}

    def record(self, target: FamilyTarget, failed: Collection[str]) -> bool:
        """Record a family, if enough of it is there; return whether it is.

        One that was said needs all its projects, read now or before; of one that was found, those
        that the snapshot holds are enough. `failed` are the keys that could not be read now.
        """
        family = self._grown(target.family) if target.found else target.family
        members = [up.project for up in family.upstreams], family.variants
        if target.found:
            if not all(map(self._writer.snapshot.holds, members[0])) or not members[1]:
                return False
        elif any(key in failed for some in members for key in some):
            return False
        for other in list(self._without(family)):
            self._write(other)
        self._write(family)
        return True

    def _grown(self, found: Family) -> Family:
        """Return the family with the members that it had, without those that others have."""
        known = self._families.get(found.name, found)
        said = {
            key
            for family in self._families.values()
            if not family.found and family.name != found.name
            for key in family.variants
        }
        new = [key for key in found.variants if key not in said]
        upstreams = {up.project: up for up in (*known.upstreams, *found.upstreams)}
        return replace(
            known,
            upstreams=tuple(upstreams.values()),
            variants=tuple(
                filter(self._writer.snapshot.holds, dict.fromkeys([*known.variants, *new]))
            ),
        )

    def _without(self, family: Family) -> Iterator[Family]:
        """Yield the families that were found and lose variants to this one."""
        taken = set(family.variants)
        for other in self._families.values():
            if other.found and other.name != family.name and taken & set(other.variants):
                left = tuple(key for key in other.variants if key not in taken)
                yield replace(other, variants=left)

    def _write(self, family: Family) -> None:
        if self._families.get(family.name) != family:
            self._writer.write_family(family)
            self._families[family.name] = family
