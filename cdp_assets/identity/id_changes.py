"""Every change of a customer id with its cause, found by comparing which records were together with which are now.

What the ids were before is what the last change of each record says, so nothing is lost when a run ends between the
registry and this table, and a second run over the same registry finds nothing new. A cause is given only where the rule
of the registry (registry.py) implies the change: what is left over is `unexplained` and is not written.

After such a run the registry has gone on more than once since the last change here, and whoever was the reason of a change may
be gone. The registry's own numbers tell: in its newest number nobody who held an id before would hold it still without having
held it in the last change here. Where somebody does, the change is `not recorded`: a run ended early, nothing is at fault.
"""

from typing import Any

import pyarrow as pa

from cdp_assets.identity.registry_tables import CAUSES, CONFIGURED, CUSTOMER_ID_CHANGES, CUSTOMER_IDS
from cdp_assets.lake import Check, Stage, anyhow, by, columns, everywhere, intermediate, whole
from cdp_assets.lake.nasty import nasty_rows

_STATE = """
    source      | varchar | of the record
    record_key  | varchar | of the record
    changes     | integer | how many changes it had; null: it is new
    before      | varchar | its id after the last of them
    now         | varchar | its id now
    is_there    | boolean | it is in a cluster that has no profile
    gave_up     | bigint  | registry number in which it had given up the id before; null: it holds it, or had none"""
_STATES = intermediate("states", _STATE)
_FATES = intermediate(
    "fates",
    """
    before | varchar | an id that records held
    kept   | boolean | some of them hold it still
    whole  | boolean | all of them that hold any hold one and the same
    """,
)
_NATURES = intermediate(
    "natures",
    """
    customer_id | varchar | an id
    configured  | boolean | it comes from the fields of customers.id
    held        | boolean | some record holds it now
    since       | bigint  | registry number in which the first of them got it
    """,
)
_TOUCHED = intermediate("touched", "customer_id | varchar | an id that a record gave up or got")
_CHANGED = intermediate(
    "changed",
    f"""{_STATE}
    kept     | boolean | some records hold the id before still
    whole    | boolean | all records that held it and hold any hold one and the same
    given_on | boolean | it comes from the fields of customers.id, and somebody holds it
    since    | bigint  | registry number in which the first who holds the id before got it
    """,
)
_FOUND = intermediate(
    "found",
    """
    source     | varchar | of the record
    record_key | varchar | of the record
    change     | integer | number of the record's change
    before     | varchar | its id before
    now        | varchar | its id now
    cause      | varchar | why
    """,
)
_NUMBER = intermediate("set_number", "number | bigint | number of the changes that are found now")
_NEWEST = intermediate("newest", "number | bigint | the newest number in the registry")
_CLUSTERS = columns(
    """
    source      | varchar | of the record
    record_key  | varchar | of the record
    has_profile | boolean | it becomes a profile
    """
)

_FIND_STATES = """
    select
        coalesce(p.source, n.source) as source, coalesce(p.record_key, n.record_key) as record_key,
        p.change as changes, p.customer_id as before, n.customer_id as now, c.source is not null as is_there,
        g.until as gave_up
    from (
        select source, record_key, change, customer_id
        from customer_id_changes_before
        qualify row_number() over (partition by source, record_key order by change desc) = 1
    ) as p
    full join (select source, record_key, customer_id from customer_ids where held) as n
        on n.source = p.source and n.record_key = p.record_key
    left join (select source, record_key from clusters where not has_profile) as c on c.source = p.source and c.record_key = p.record_key
    left join (select source, record_key, customer_id, until from customer_ids where not held) as g
        on g.source = p.source and g.record_key = p.record_key and g.customer_id = p.customer_id
"""

_FIND_FATES = """
    select before, bool_or(before = now) as kept, count(distinct now) = 1 as whole
    from states
    where before is not null and now is not null
    group by before
"""

_FIND_TOUCHED = """
    select unnest([before, now]) as customer_id from states where before is distinct from now and before is not null
"""

_FIND_NATURES = f"""
    select customer_id, bool_or(starts_with(base_record, '{CONFIGURED}')) as configured, bool_or(held) as held,
        min(since) filter (held) as since
    from customer_ids
    where customer_id in (select customer_id from touched)
    group by customer_id
"""

_FIND_CHANGED = """
    select
        s.source, s.record_key, s.changes, s.before, s.now, s.is_there, s.gave_up, f.kept, f.whole, n.configured and n.held as given_on,
        n.since
    from states as s
    left join fates as f on f.before = s.before
    left join natures as n on n.customer_id = s.before
    where s.before is distinct from s.now and s.before is not null
"""

# An id without a former holder in its cluster is new to it, or was brought by records that came back.
_FIND_CAUSES = """
    select
        c.source, c.record_key, c.changes + 1 as change, c.before, c.now,
        case
            when c.now is null then case when c.is_there then 'no profile' else 'record gone' end
            when t.kept then case when c.whole then 'merged' else 'moved' end
            when c.kept then 'split'
            when n.configured or c.given_on then 'configured value'
            when least(c.since, n.since, c.gave_up) < w.number then 'not recorded'
            else 'unexplained'
        end as cause
    from changed as c
    left join fates as t on t.before = c.now
    left join natures as n on n.customer_id = c.now
    cross join newest as w
"""

_FIND_NEWEST = "select coalesce(max(greatest(since, until)), 0) as number from customer_ids"

_FIND_NUMBER = "select 1 + coalesce(max(change_set), 0) as number from customer_id_changes_before"

_WRITE = """
    select source, record_key, change, change_set, previous_customer_id, customer_id, cause
    from customer_id_changes_before
    union all
    select f.source, f.record_key, f.change, n.number, f.before, f.now, f.cause
    from found as f
    cross join set_number as n
    union all
    select
        s.source, s.record_key, coalesce(s.changes, 0) + 1, n.number, null, s.now,
        case when s.changes is null then 'new record' else 'came back' end
    from states as s
    cross join set_number as n
    where s.before is null and s.now is not null
"""


def stages() -> list[Stage]:
    """The changes so far and those that are found now; the last stage writes CUSTOMER_ID_CHANGES.

    Reads `customer_ids`, `clusters` and `customer_id_changes_before` (the version before; empty at first).
    """
    record, before = by("source", "record_key"), "customer_id_changes_before"
    ids: list[Any] = ["A", "B", None, "C", "A", "D", None]
    one: list[Any] = ["crm"]
    log = {"source": one, "record_key": [*"abcde"], "change": [1, 2, 3], "customer_id": ids, "change_set": [1, 2]}
    registry = {"source": one, "record_key": [*"abcdefg"], "customer_id": [*"ABC"], "held": [True, True, False], "since": [1, 2, 3]}
    registry["base_record"] = ["crm|a", f"{CONFIGURED}x"]
    state = {"source": one, "record_key": [f"k{n}" for n in range(60)], "before": ids, "now": ["A", "C", "B", None, "B"]}
    state |= {"gave_up": [3, 2, None], "since": [3, None, 1]}
    fates = {"before": [*"ABCD"], "kept": [True, False], "whole": [True, False, False]}
    natures = {"customer_id": [*"ABCD"], "configured": [True, False, False], "held": [True, True, False], "since": [3, 2, 1]}
    found = {**state, "record_key": [f"f{n}" for n in range(60)], "change": [1, 2], "cause": list(CAUSES)}
    examples: dict[str, pa.Table] = {
        before: nasty_rows(CUSTOMER_ID_CHANGES.columns, log, rows=15),
        "customer_ids": nasty_rows(CUSTOMER_IDS.columns, registry, rows=7),
        "clusters": nasty_rows(_CLUSTERS, {"source": ["crm"], "record_key": [*"aceg"], "has_profile": [False, True]}, rows=4),
        "states": nasty_rows(_STATES.columns, state),
        "fates": nasty_rows(_FATES.columns, fates, rows=4),
        "touched": nasty_rows(_TOUCHED.columns, {"customer_id": [*"AB", None]}, rows=6),
        "natures": nasty_rows(_NATURES.columns, natures, rows=4),
        "changed": nasty_rows(_CHANGED.columns, state),
        "found": nasty_rows(_FOUND.columns, found),
        "newest": nasty_rows(_NEWEST.columns, {"number": [3]}, rows=1),
        "set_number": nasty_rows(_NUMBER.columns, {"number": [3]}, rows=1),
    }

    def stage(writes: Any, body: str, **reads: Any) -> Stage:
        return Stage(writes.name, reads, body, writes, nasty=lambda: {name: examples[name] for name in reads})

    return [
        stage(_STATES, _FIND_STATES, **{before: record, "customer_ids": record, "clusters": record}),
        stage(_FATES, _FIND_FATES, states=by("before", nulls="drop")),
        stage(_TOUCHED, _FIND_TOUCHED, states=anyhow()),
        stage(_NATURES, _FIND_NATURES, customer_ids=by("customer_id"), touched=by("customer_id", nulls="drop")),
        stage(_CHANGED, _FIND_CHANGED, states=by("before"), fates=by("before"), natures=by("customer_id")),
        stage(_NEWEST, _FIND_NEWEST, customer_ids=whole()),
        stage(_FOUND, _FIND_CAUSES, changed=by("now"), fates=by("before"), natures=by("customer_id"), newest=everywhere()),
        stage(_NUMBER, _FIND_NUMBER, **{before: whole()}),
        stage(CUSTOMER_ID_CHANGES, _WRITE, **{before: anyhow(), "found": anyhow(), "states": anyhow(), "set_number": everywhere()}),
    ]


def checks() -> list[Check]:
    """What must hold before the changes are written."""
    return [
        Check(
            "explained",
            "every change of an id follows from a change of what is together, by the rule of the registry",
            "select count(*) from customer_id_changes where cause = 'unexplained'",
        ),
        Check(
            "conservation",
            "a record's last change leads to the id that it holds, and no record that holds one has none",
            """
            select count(*)
            from (
                select source, record_key, arg_max_null(customer_id, change) as customer_id
                from customer_id_changes
                group by source, record_key
            ) as l
            full join (select source, record_key, customer_id from customer_ids where held) as h
                on h.source = l.source and h.record_key = l.record_key
            where l.customer_id is distinct from h.customer_id
            """,
        ),
    ]


def numbers() -> dict[str, str]:
    """Figures of the last refresh that found a change: records by cause, and the share of those with an id whose id changed."""

    def newest(cause: str) -> str:
        return f"coalesce((histogram(change_set) filter (cause in ({cause})))[max(change_set)], 0)"

    causes = {cause.replace(" ", "_"): newest(f"'{cause}'") for cause in CAUSES}
    changed = newest("'merged', 'split', 'moved', 'configured value', 'not recorded', 'unexplained'")
    holders = "nullif(count(*) filter (previous_customer_id is null) - count(*) filter (customer_id is null), 0)"
    return {**causes, "records_with_another_id_in_per_cent": f"coalesce(round(100 * {changed} / {holders}, 3), 0)"}
