"""What holds for ids over any history, and that the stages give the same as the definition, written down one record at a time."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from typing import NamedTuple

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.identity import registry
from cdp_assets.identity.registry_tables import CUSTOMER_IDS
from cdp_assets_tests.identity.registry_world import NO_IDS, advance, clusters, run, violations
from cdp_assets_tests.support import run_tables


class Id(NamedTuple):
    base: str
    generation: int
    birth: int

    @property
    def name(self) -> str:
        return md5(f"{self.base}|{self.generation}".encode()).hexdigest()


class Holding(NamedTuple):
    since: int
    held: bool
    until: int | None = None


Registry = dict[tuple[str, Id], Holding]


class Voice(NamedTuple):
    """A record of a cluster that speaks for an id."""

    smallest: str
    row: Holding
    brought: bool


def voices(before: Registry, groups: Mapping[str, Sequence[str]]) -> dict[Id, list[Voice]]:
    """Who speaks for which id: records for the one that they hold, and for those of theirs that nobody holds."""
    taken = {identity for (_, identity), row in before.items() if row.held}
    mine: dict[str, list[tuple[Holding, Id]]] = defaultdict(list)
    for (record, identity), row in before.items():
        mine[record].append((row, identity))
    found: dict[Id, list[Voice]] = defaultdict(list)
    for smallest, records in groups.items():
        for record in records:
            holds = any(row.held for row, _ in mine[record])
            some = [(row, identity) for row, identity in mine[record] if row.held or identity not in taken]
            last = max((row.since for row, _ in some), default=0)
            for row, identity in some:
                found[identity].append(Voice(smallest, row, not holds and row.since == last))
    return found


def claims(identity: Id, heard: Sequence[Voice]) -> Iterator[tuple[tuple[object, ...], Id, str]]:
    """The place in the order, the id and the cluster, of each cluster that may have it."""
    is_held = any(voice.row.held for voice in heard)
    last = max(voice.row.until or 0 for voice in heard)
    counted = [voice for voice in heard if is_held or voice.brought or voice.row.until == last]
    count = Counter(voice.smallest for voice in counted)
    for smallest, overlap in count.items():
        mine = [voice for voice in counted if voice.smallest == smallest]
        if is_held or overlap == max(count.values()) or any(voice.brought for voice in mine):
            seniority = min(voice.row.since for voice in mine) if is_held else -max(voice.row.until or 0 for voice in mine)
            yield (not is_held, -overlap, seniority, identity.birth, identity.name, smallest), identity, smallest


def by_definition(before: Registry, groups: Mapping[str, Sequence[str]]) -> Registry:
    """The next registry from the clusters (smallest record -> records), as the specification words it."""
    number = 1 + max((row.since for row in before.values()), default=0)
    lines = [line for identity, heard in voices(before, groups).items() for line in claims(identity, heard)]
    given_to: dict[str, Id] = {}
    taken: set[Id] = set()
    for _, identity, smallest in sorted(lines):
        if smallest not in given_to and identity not in taken:
            given_to[smallest] = identity
            taken.add(identity)
    issued = Counter(identity.base for identity in {identity for _, identity in before})
    now = {
        (record, given_to.get(smallest, Id(smallest, issued[smallest], number)))
        for smallest, records in groups.items() for record in records
    }  # fmt: skip
    after = {
        key: row._replace(held=key in now, until=None if key in now else number if row.held else row.until)
        for key, row in before.items()
    }  # fmt: skip
    got = {key: Holding(number, True) for key in now if key not in before or not before[key].held}
    return {**after, **got}


def as_table(ids: Registry) -> pa.Table:
    rows = [
        (*record.split("|"), identity.name, identity.base, identity.generation, identity.birth, row.since, row.until, row.held)
        for (record, identity), row in sorted(ids.items(), key=lambda each: (each[0][0].split("|"), each[0][1].name))
    ]
    schema = CUSTOMER_IDS.arrow_schema()
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def groups_of(now: pa.Table) -> dict[str, list[str]]:
    """Smallest record -> records, of clusters with a profile."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in now.to_pylist():
        if row["has_profile"]:
            found[row["smallest_record"]].append(f"{row['source']}|{row['record_key']}")
    return found


def holders(ids: pa.Table) -> dict[tuple[str, ...], str]:
    """Records that hold an id together -> the id."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in ids.to_pylist():
        if row["held"]:
            found[row["customer_id"]].append(f"{row['source']}|{row['record_key']}")
    return {tuple(records): name for name, records in found.items()}


RECORDS = "abcdefgh"
NOWHERE, NO_PROFILE = 0, 1
STATES = st.lists(st.integers(0, 5), min_size=len(RECORDS), max_size=len(RECORDS))


def world(state: Sequence[int]) -> pa.Table:
    """Clusters: each record is in the group of its number, nowhere, or in a cluster without a profile."""
    words = {number: "".join(r for r, n in zip(RECORDS, state, strict=True) if n == number) for number in set(state) - {NOWHERE}}
    return clusters(*(f"-{word}" if number == NO_PROFILE else word for number, word in sorted(words.items())))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(STATES, min_size=2, max_size=4))
def test_any_history_gives_what_the_definition_says(states: list[list[int]]) -> None:
    ids, definition = NO_IDS, Registry()
    for state in states:
        now, before = world(state), ids
        ids, definition = advance(before, now), by_definition(definition, groups_of(now))
        assert ids.equals(as_table(definition))
        assert not any(violations(registry.checks(), customer_ids=ids, customer_ids_before=before, clusters=now).values())
        was, has = holders(before), holders(ids)
        assert sorted(has) == sorted(tuple(sorted(records)) for records in groups_of(now).values()), "one id a cluster"
        assert all(has[records] == was[records] for records in was.keys() & has.keys()), "an unchanged cluster keeps its id"
        redirects = run(registry.redirect_stages(), customer_ids=ids)
        assert not any(violations(registry.redirect_checks(), customer_ids=ids, customer_id_redirects=redirects).values())
    assert advance(ids, now).equals(ids), "unchanged input leaves every row as it is"
    backwards = [("record_key", "descending")]
    assert advance(before.sort_by(backwards), now.sort_by(backwards)).equals(ids), "the order of rows does not matter"


def test_many_histories_side_by_side_give_what_the_definition_says_in_any_number_of_buckets() -> None:
    """Two thousand records in one registry that move, leave and come back over eight versions; drawn from a fixed seed."""
    draw = random.Random(20)
    ids, definition = NO_IDS, Registry()
    schema = clusters("a").schema
    for _ in range(8):
        groups: dict[tuple[int, int], list[str]] = defaultdict(list)
        for record in range(2000):
            if draw.random() < 0.85:
                groups[record // draw.choice([2, 4, 4, 4, 8]), draw.randrange(2)].append(f"{record:04}")
        rows = [
            {
                "source": "crm", "record_key": key, "cluster_id": str(name), "smallest_record": f"crm|{min(keys)}",
                "has_profile": sum(map(int, keys)) % 10 > 0,
            }
            for name, keys in groups.items() for key in keys
        ]  # fmt: skip
        before, now = ids, pa.Table.from_pylist(rows, schema=schema)
        ids, definition = advance(before, now), by_definition(definition, groups_of(now))
        assert ids.equals(as_table(definition))
    inputs = {"customer_ids_before": before, "clusters": now}
    assert all(run_tables(registry.stages(), inputs, buckets).equals(ids) for buckets in (1, 2, 7))
    redirects = [run_tables(registry.redirect_stages(), {"customer_ids": ids}, buckets) for buckets in (1, 2, 7)]
    assert redirects[0].num_rows > 100
    assert redirects[0].equals(redirects[1])
    assert redirects[0].equals(redirects[2])
