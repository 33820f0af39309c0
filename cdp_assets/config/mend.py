"""What is left of a document without its mistakes, so that one mistake hides no other and causes none.

A mistake is mended where it is clear what was meant (the nearest name), stands in where something has to stand, and is
taken out otherwise. Two readings come of it: the strict one is valid, the lenient one still holds what was taken out.
Every place of both knows where it is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cdp_assets.config.problems import Finding, Location, nearest
from cdp_assets.config.translate import Mistake

ENTITIES = ("customers", "accounts", "contacts")
"""The sections of one form: each says how records of its sources become profiles."""

_STAND_INS: dict[str, Any] = {
    "version": 1, "database": "STAND_IN", "files": "stand_in.csv",
    "primary_key": "stand_in", "fields": {}, "visitor": "stand_in", "time": "stand_in",
    "person": {"stand_in": "identity.id"}, "name": "stand in", "source": "stand_in", "foreign_key": "stand_in",
    "account": "stand_in", "function": "count", "months": 12, "region": "Europe",
    "tenant": "00000000-0000-0000-0000-000000000000", "client_id": "00000000-0000-0000-0000-000000000000",
    "secret": "STAND_IN", "addresses": "stand_in.txt", "email": "stand_in", "agree": True, "folder": "stand_in",
    "server": "https://stand-in.crm.dynamics.com", "contact_id": "stand.stand_in", "connection": "stand_in",
}  # fmt: skip
"""By key: a value that stands where one is missing or wrong, so that the rest of its mapping is still looked at."""


@dataclass(eq=False)
class _Node:
    """A value of the document: where it is written, its entries by key or number (or what it is), and what became of it."""

    at: Location
    value: Any = None
    entries: dict[str | int, "_Node"] | None = None
    is_list: bool = False
    out: bool = False
    stand_in: Any = None


def _node(value: Any, at: Location) -> _Node:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return _Node(at, None, {key: _node(each, (*at, key)) for key, each in items}, isinstance(value, list))
    return _Node(at, value)


@dataclass
class Mended:
    """A document, and what could not be used of it, as places where it is written.

    ``holes`` are gone or have a stand-in, at ``guesses`` stands what was most likely meant, ``names`` are entries that are
    called otherwise now.
    """

    root: _Node
    holes: set[Location] = field(default_factory=set)
    guesses: set[Location] = field(default_factory=set)
    names: set[Location] = field(default_factory=set)
    sections: set[Location] = field(default_factory=set)
    """Sections of which something is reported already."""

    def data(self, *, lenient: bool = False) -> Any:
        """The plain data of one of the readings."""
        return _plain(self.root, lenient=lenient)

    def written(self, at: Location, *, lenient: bool = False) -> Location:
        """Where a place of a reading is written; of one that does not exist the rest as it is."""
        node = self.root
        for depth, step in enumerate(at):
            found = dict(_entries(node, lenient=lenient)).get(step)
            if found is None:
                return (*node.at, *at[depth:])
            node = found
        return node.at

    def take_out(self, at: Location) -> None:
        """Leave a place of the document out of both readings, because what it holds is reported otherwise."""
        node: _Node | None = self.root
        for step in at[:-1]:
            node = (node.entries or {}).get(step) if node else None
        if node and node.entries:
            node.entries.pop(at[-1], None)
        self.holes.add(at)

    def suppose(self, at: Location, value: str) -> None:
        """Put what was most likely meant at a place of a mapping that lacks it, into both readings."""
        found = self._find(at[:-1])
        if found is not None and found[2].entries is not None:
            found[2].entries[at[-1]] = _Node(at, value)
            self.guesses.add(at)

    def follows(self, finding: Finding) -> bool:
        """Whether the finding (its places as written) may only be wrong because of something that is reported already."""
        if finding.at in self.names or self._inside(finding.at, self.holes | self.guesses):
            return True
        if finding.lacks is None:
            return any(_overlap(finding.at, hole) for hole in self.holes | self.guesses)
        return any(self._lacks(place) for place in finding.lacks)

    def _lacks(self, place: Location) -> bool:
        return place in self.names | self.sections or self._inside(place, self.guesses) or any(_overlap(place, hole) for hole in self.holes)

    @staticmethod
    def _inside(place: Location, holes: set[Location]) -> bool:
        return any(place[:depth] in holes for depth in range(1, len(place) + 1))

    def mend(self, mistakes: list[Mistake]) -> bool:
        """Mend what is wrong in the strict reading; whether anything could be done."""
        places = [(mistake, self._find(mistake.finding.at)) for mistake in mistakes]
        # the last first: what is taken out of a list gives the numbers after it to others
        done = [self._mend(mistake, found) for mistake, found in reversed(places)]
        return any(done)

    def settle_orders(self) -> bool:
        """Each match_order of the strict reading holds existing sources, once; whether anything had to be changed."""
        data = self.data()
        changed = False
        for section in ENTITIES:
            order = (data.get(section) or {}).get("match_order", [])
            found = [self._find((section, "match_order", number)) for number in range(len(order))]
            meant: list[str] = []
            for place, name in zip(found, order, strict=True):
                near = name if name in data["sources"] else nearest(name, data["sources"])
                if near != name or near in meant:
                    assert place is not None
                    self._replace(place[2], None if near in meant else near)
                    changed = True
                meant += [near] if near else []
        return changed

    def _find(self, at: Location) -> tuple[_Node, str | int, _Node] | None:
        """The node at a place of the strict reading, with the one it stands in and its key there."""
        node, found = self.root, None
        for step in at:
            inner = dict(_entries(node, lenient=False)).get(step)
            if inner is None:
                return None
            key = next(key for key, each in (node.entries or {}).items() if each is inner)
            node, found = inner, (node, key, inner)
        return found

    def _mend(self, mistake: Mistake, found: tuple[_Node, str | int, _Node] | None) -> bool:
        at = mistake.finding.at
        if found is None:
            return self._supply(at) if mistake.kind == "missing" else bool(at) and self._out(at[:-1])
        parent, key, node = found
        if mistake.of_key or mistake.kind == "extra_forbidden":
            return self._rename(parent, key, node, mistake) or self._leave_out(node)
        near = mistake.finding.nearest
        if near is not None and node.entries is None and node.value != near and node.stand_in is None:
            self._replace(node, near)
            return True
        if mistake.kind == "union_tag_invalid":
            return self._leave_out(parent)
        stand_in = _STAND_INS.get(str(key))
        if stand_in is None or node.stand_in is not None:
            # of a list that is too long the beginning is looked at
            surplus = [(key, node)] if mistake.most is None else list(_entries(node, lenient=False))[mistake.most :]
            return all(self._leave_out(each) for _, each in surplus)
        self.holes.add(node.at)
        node.stand_in = stand_in
        return True

    def _rename(self, parent: _Node, key: str | int, node: _Node, mistake: Mistake) -> bool:
        near, entries = mistake.finding.nearest, parent.entries or {}
        if near is None or near in entries or node.at in self.names:
            return False
        parent.entries = {near if each == key else each: its for each, its in entries.items()}
        if mistake.of_key:
            self.names.add(node.at)
        return True

    def _replace(self, node: _Node, near: str | None) -> None:
        if near is None:
            self.holes.add(node.at)
            node.out = True
        else:
            self.guesses.add(node.at)
            node.value, node.entries = near, None

    def _supply(self, at: Location) -> bool:
        """Something to stand in for what is missing; without it the mapping that lacks it is taken out."""
        place = self.written(at)
        above = self._find(at[:-1]) if at[:-1] else (self.root, "", self.root)
        stand_in = _STAND_INS.get(str(at[-1]))
        if not at[:-1]:
            self.holes.add(place)
        if stand_in is None or above is None or (place in self.holes and self.written(at[:-1]) in self.holes):
            return bool(at[:-1]) and self._out(at[:-1])
        parent = above[2]
        if parent.entries is None:
            return self._out(at[:-1])
        self.holes.add(place)
        was = parent.entries.get(at[-1])
        parent.entries[at[-1]] = _Node(place, was.value if was else None, was.entries if was else None, out=was is None, stand_in=stand_in)
        return True

    def _out(self, at: Location) -> bool:
        found = self._find(at)
        return found is not None and self._leave_out(found[2])

    def _leave_out(self, node: _Node) -> bool:
        self.holes.add(node.at)
        node.out = True
        node.stand_in = None
        return True


def mended(data: Any) -> Mended:
    """The document before anything is mended."""
    return Mended(_node(data, ()))


def _entries(node: _Node, *, lenient: bool) -> Iterator[tuple[str | int, _Node]]:
    """The entries of a reading: keys as they are now, items numbered anew."""
    if node.entries is None or (node.stand_in is not None and not lenient):
        return
    # what was supplied is out and has a stand-in: it is written nowhere, so the lenient reading does without it
    kept = [(key, each) for key, each in node.entries.items() if (each.out and each.stand_in is not None) != lenient or not each.out]
    yield from enumerate(each for _, each in kept) if node.is_list else kept


def _plain(node: _Node, *, lenient: bool) -> Any:
    if node.stand_in is not None and not lenient:
        return node.stand_in
    if node.entries is None:
        return node.value
    entries = {key: _plain(each, lenient=lenient) for key, each in _entries(node, lenient=lenient)}
    return list(entries.values()) if node.is_list else entries


def _overlap(one: Location, other: Location) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
