"""What holds for ids over any history, and that the stages give the same as the definition, written down one record at a time."""

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
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


Registry = dict[tuple[str, Id], Holding]


def by_definition(before: Registry, groups: Mapping[str, Sequence[str]]) -> Registry:
    """The next registry from the clusters (smallest record -> records), as the specification words it."""
    number = 1 + max((row.since for row in before.values()), default=0)
    last: dict[str, tuple[bool, int, Id]] = {}
    for (record, identity), row in before.items():
        last[record] = max(last.get(record, (False, 0, identity)), (row.held, row.since, identity), key=lambda each: each[:2])
    lines: Counter[tuple[bool, Id, str]] = Counter()
    for smallest, records in groups.items():
        for record in records:
            if record in last:
                is_held, _, identity = last[record]
                lines[not is_held, identity, smallest] += 1
    order = sorted(lines, key=lambda line: (line[0], -lines[line], line[1].birth, line[1].name, line[2]))
    given_to: dict[str, Id] = {}
    taken: set[Id] = set()
    for _, identity, smallest in order:
        if smallest not in given_to and identity not in taken:
            given_to[smallest] = identity
            taken.add(identity)
    issued = Counter(identity.base for identity in {identity for _, identity in before})
    now = {
        (record, given_to.get(smallest, Id(smallest, issued[smallest], number)))
        for smallest, records in groups.items() for record in records
    }  # fmt: skip
    after = {key: row._replace(held=key in now) for key, row in before.items()}
    got = {key: Holding(number, True) for key in now if key not in before or not before[key].held}
    return {**after, **got}


def as_table(ids: Registry) -> pa.Table:
    rows = [
        (*record.split("|"), identity.name, identity.base, identity.generation, identity.birth, row.since, row.held)
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
