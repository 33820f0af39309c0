"""The rows that pass between the steps of the id registry, and small samples of them on which a wrong split shows."""

from functools import cache, partial

import pyarrow as pa

from cdp_assets.identity.registry_tables import CONFIGURED_IDS, CUSTOMER_IDS
from cdp_assets.lake import Stage, Table, intermediate
from cdp_assets.lake.stage import Body, Meet

_CLUSTER = """
    cluster_id      | varchar | the cluster
    smallest_record | varchar | its smallest `source|key`"""
_ID = """
    customer_id | varchar | the id
    base_record | varchar | the record that it was made from
    generation  | integer | how many ids had been made from that record before
    birth       | bigint  | registry number in which it was issued"""
_RECORD = """
    source     | varchar | of the record
    record_key | varchar | of the record"""
_HELD = "\n    held | boolean | records of the cluster hold it; false: nobody holds it, they held it before"
_SPAN = """
    since | bigint | registry number in which the record got it
    until | bigint | registry number in which it gave it up"""
_CLAIM = f"""{_CLUSTER}{_ID}{_HELD}{_SPAN}
    brought | boolean | the record holds no id, and this was its last one"""
_PAIR = f"""{_CLUSTER}{_ID}{_HELD}
    seniority | bigint | registry number in which its records got it first; nobody holds it: minus that in which they gave it up
    overlap   | bigint | how many such records"""

OPEN = intermediate("open", f"{_RECORD}{_ID}{_HELD}{_SPAN}")
CLAIMS = intermediate("claims", _CLAIM)
GRANTED = intermediate("granted", f"{_CLUSTER}{_ID}")
FREE_CLAIMS = intermediate("free_claims", _CLAIM)
FREE_CLUSTERS = intermediate("free_clusters", _CLAIM)
PAIRS = intermediate("pairs", f"{_PAIR}\n    clusters | bigint | clusters that claim the id")
RIVALS = intermediate("rivals", f"{_PAIR}\n    contested | boolean | the id has another cluster or the cluster another id")
CONTESTED = intermediate("contested", _PAIR)
SETTLED = intermediate("settled", _PAIR)
KEPT = intermediate("kept", f"{_RECORD}\n    smallest_record | varchar | smallest `source|key` of its cluster{_ID}")
HOLDERS = intermediate("holders", f"{_RECORD}{_ID}")
NUMBER = intermediate("number", "number | bigint | number of this version of the registry, where a record gets an id in it")
RETIRED = intermediate(
    "retired",
    """
    customer_id | varchar | an id without a holder
    source      | varchar | of a record that held it
    record_key  | varchar | of a record that held it
    """,
)
MOVED = intermediate(
    "moved",
    """
    customer_id           | varchar | an id without a holder
    surviving_customer_id | varchar | the id that a former holder has now; null: it has none
    birth                 | bigint  | of the surviving id
    since                 | bigint  | registry number in which the former holder got the surviving id
    """,
)
_CLUSTERS = intermediate(
    "clusters",
    """
    source          | varchar | of the record
    record_key      | varchar | of the record
    cluster_id      | varchar | its cluster
    smallest_record | varchar | smallest `source|key` of the cluster
    has_profile     | boolean | whether the cluster becomes a profile
    """,
)


def sample(*names: str) -> dict[str, pa.Table]:
    """The sample rows of these inputs of steps: ids that merge, split, come back, stay, go, and ties everywhere."""
    return {name: _samples()[name] for name in names}


def stage(writes: Table, body: str | Body, **reads: Meet) -> Stage:
    """A stage of the registry; a Python body takes each column from the column of that name."""
    lineage = None if isinstance(body, str) else {c: tuple(f"{n}.{c}" for n in reads) for c in writes.column_names}
    return Stage(writes.name, reads, body, writes, nasty=partial(sample, *reads), lineage=lineage)


def _rows(table: Table, *rows: tuple[object, ...]) -> pa.Table:
    schema = table.arrow_schema()
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


@cache
def _samples() -> dict[str, pa.Table]:
    # Ids A and B meet in k1 with equal overlap; C is torn between k2 and k3; D and E belong to records that were away.
    a, b, c, d, e = (("A", "crm|a", 0, 1), ("B", "crm|b", 0, 1), ("C", "crm|c", 0, 2), ("D", "crm|d", 0, 2), ("E", "crm|d", 1, 3))
    k1, k2, k3, k4, k5 = (("k1", "crm|a"), ("k2", "crm|c"), ("k3", "crm|c2"), ("k4", "crm|d"), ("k5", "crm|new"))
    # when the record got the id, when it gave it up, whether it holds it
    registry = [
        ("crm", "a", *a, 1, None, True), ("crm", "b", *b, 1, None, True), ("crm", "c", *c, 2, None, True),
        ("crm", "c2", *c, 2, None, True), ("crm", "c2", *a, 1, 2, False), ("crm", "d", *d, 2, 3, False), ("crm", "d", *e, 3, 4, False),
        ("web", "d", *e, 3, 4, False), ("web", "gone", *b, 1, None, True), ("crm", "again", *a, 4, 5, False),
        ("crm", "again", *b, 4, 5, False), ("crm", "left", "F", "crm|c2", 1, 2, 2, 4, False),
        ("crm", "left", "G", "crm|c2", 0, 1, 1, 2, False), ("crm", "c", "G", "crm|c2", 0, 1, 1, 2, False),
    ]  # fmt: skip
    pairs = [
        (*k1, *a, True, 1, 1), (*k1, *b, True, 1, 1), (*k2, *c, True, 2, 1), (*k3, *c, True, 2, 1), (*k4, *e, False, -4, 2),
        (*k3, *d, False, -4, 3), (*k1, *e, False, -3, 1),
    ]  # fmt: skip
    # of the records that speak for E one gave it up before the others, and what speaks for D came back
    claims = [
        (*row[:7], 2, None if row[6] else 4 - (row[0] == "k1"), row[0] == "k3" and not row[6])
        for *row, overlap in pairs
        for _ in range(overlap)
    ]
    none = (None, None, None, None)
    kept = [
        ("crm", "a", k1[1], *a), ("crm", "b", k1[1], *a), ("crm", "c", k2[1], *c), ("crm", "c2", k3[1], *none),
        ("crm", "d", k4[1], *e), ("crm", "new", k5[1], *none),
    ]  # fmt: skip
    return {
        "customer_ids_before": _rows(CUSTOMER_IDS, *registry),
        "customer_ids": _rows(CUSTOMER_IDS, *registry),
        "clusters": _rows(
            _CLUSTERS,
            ("crm", "a", *k1, True),
            ("crm", "b", *k1, True),
            ("crm", "c", *k2, True),
            ("crm", "c2", *k3, True),
            ("crm", "d", *k4, True),
            ("web", "d", *k4, True),
            ("crm", "new", *k5, True),
            ("web", "no", "k6", "web|no", False),
        ),
        "open": _rows(OPEN, *((*row[:6], row[8], *row[6:8]) for row in registry if row[2] not in "DA" or row[8])),
        "claims": _rows(CLAIMS, *map(tuple, claims)),
        "free_claims": _rows(FREE_CLAIMS, *map(tuple, claims)),
        "free_clusters": _rows(FREE_CLUSTERS, *map(tuple, claims)),
        "configured_ids": _rows(
            CONFIGURED_IDS,
            # A is wanted by the cluster that holds it and by a greater one, X by two of one size, B by nobody who holds it
            ("k1", "crm|a", 2, "A", "crm|a", 2),
            ("k4", "crm|d", 9, "A", "crm|a", 2),
            ("k2", "crm|c", 1, "X", "configured:x", 2),
            ("k3", "crm|c2", 1, "X", "configured:x", 2),
            ("k5", "crm|new", 1, "B", "crm|b", 1),
        ),
        "granted": _rows(GRANTED, (*k1, *a), (*k2, "X", "configured:x", 0, None), (*k5, *b)),
        "pairs": _rows(PAIRS, *((*row, 1 + (row[0] == "k3")) for row in pairs)),
        "rivals": _rows(RIVALS, *((*row, row[0] != "k4") for row in pairs)),
        "contested": _rows(CONTESTED, *pairs),
        "settled": _rows(SETTLED, pairs[0], pairs[2]),
        "kept": _rows(KEPT, *kept),
        "holders": _rows(
            HOLDERS,
            ("crm", "a", *a),
            ("crm", "b", *a),
            ("crm", "d", *e),
            ("crm", "again", *b),
            ("crm", "new", "M", "crm|new", 0, None),
        ),
        "number": _rows(NUMBER, (5,)),
        "retired": _rows(RETIRED, ("D", "crm", "d"), ("E", "crm", "d"), ("E", "web", "d"), ("D", "crm", "c2"), ("D", "crm", "a")),
        "moved": _rows(
            MOVED,
            ("D", "B", 1, 2),
            ("D", "A", 1, 4),
            ("D", "A", 1, 3),
            ("D", "B", 1, 3),
            ("E", None, None, None),
            ("F", None, None, None),
            ("F", None, None, None),
            ("F", "A", 1, 1),
        ),
    }
