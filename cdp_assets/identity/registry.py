"""The id registry: gives every cluster a customer id that stays the same for as long as its records stay together.

An id goes to the cluster that holds most of its records (merge: the id with most records survives; split: the larger
part keeps it; at a tie what has been together longer). A cluster that gets none that way has one back that nobody holds,
if most of the records that were the last to give it up are in it. So when the partition is again what it was before the
last change, the ids are, too: a merge that is undone leaves no other ids. A record that had left and comes back brings
its last id along, if its cluster has no id and nobody else has that one. All other clusters get a new id, made from their
smallest record and never given out before.

Where the configuration makes ids from fields (configured.py), a cluster that asks for one gets it before all others get
theirs. Of several that ask for the same one the one that holds most of it keeps it, else the greatest, else that with
the smallest record; the others have ids like everybody else. A cluster that asks for none any more keeps what it has.

The registry number counts the versions in which a record got an id. How clusters come about is no matter of this module.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdp_assets.identity import granting
from cdp_assets.identity import registry_steps as steps
from cdp_assets.identity.registry_tables import CUSTOMER_ID_REDIRECTS, CUSTOMER_IDS
from cdp_assets.lake import Check, Stage, anyhow, by, everywhere, whole

# What a record can speak for: the id that it holds, and those that it held and that nobody holds any more.
_OPEN = """
    select source, record_key, customer_id, base_record, generation, birth, since, until, held
    from customer_ids_before
    qualify held or not bool_or(held) over (partition by customer_id)
"""

_CLAIMS = """
    select
        c.cluster_id, c.smallest_record, p.customer_id, p.base_record, p.generation, p.birth, p.held, p.since, p.until,
        not bool_or(p.held) over record and row_number() over (record order by p.since desc, p.customer_id) = 1 as brought
    from clusters as c
    join open as p on p.source = c.source and p.record_key = c.record_key
    where c.has_profile
    window record as (partition by c.source, c.record_key)
"""

# For an id that nobody holds those count that were the last to give it up; it returns only where most of them are. The
# last id of a record that came back is there for its cluster in any case, if that has none.
_PAIRS = """
    select
        cluster_id, any_value(smallest_record) as smallest_record, customer_id, any_value(base_record) as base_record,
        any_value(generation) as generation, any_value(birth) as birth, bool_or(held) as held,
        case when bool_or(held) then min(since) else -max(until) end as seniority,
        count(*) as overlap, count(*) over (partition by customer_id) as clusters
    from (select *, until is not distinct from max(until) over (partition by customer_id) as gave_it_up_last from claims) as voices
    where held or gave_it_up_last or brought
    group by customer_id, cluster_id
    qualify bool_or(held or brought) or count(*) = max(count(*)) over (partition by customer_id)
"""

# A cluster that surely keeps an id that it holds, because no other cluster holds that one, asks for no former one.
_RIVALS = """
    select
        cluster_id, smallest_record, customer_id, base_record, generation, birth, held, overlap, seniority,
        clusters > 1 or count(*) over (partition by cluster_id) > 1 as contested
    from (select *, bool_or(held and clusters = 1) over (partition by cluster_id) as sure from pairs) as asked
    where held or not sure
"""

_CONTESTED = """
    select cluster_id, smallest_record, customer_id, base_record, generation, birth, held, overlap, seniority
    from rivals
    where contested
"""

# Seniority: since when the records hold it. So an id that came to a cluster by a merge is not taken for its own when that
# is taken back: whatever is together was together before has the ids that it had then.
_ORDER = [
    ("held", "descending"), ("overlap", "descending"), ("seniority", "ascending"), ("birth", "ascending"),
    ("customer_id", "ascending"), ("smallest_record", "ascending"),
]  # fmt: skip

_KEPT = """
    select c.source, c.record_key, c.smallest_record, k.customer_id, k.base_record, k.generation, k.birth
    from clusters as c
    left join (
        select cluster_id, customer_id, base_record, generation, birth from rivals where not contested
        union all
        select cluster_id, customer_id, base_record, generation, birth from settled{granted}
    ) as k on k.cluster_id = c.cluster_id
    where c.has_profile
"""

_AND_GRANTED = """
        union all
        select cluster_id, customer_id, base_record, generation, birth from granted"""

# Rows are never removed, so the generations of a base record have no gap and the next one was never given out.
_HOLDERS = """
    select
        source, record_key, coalesce(customer_id, md5(smallest_record || '|' || generation)) as customer_id,
        coalesce(base_record, smallest_record) as base_record, generation, birth
    from (
        select
            k.source, k.record_key, k.smallest_record, k.customer_id, k.base_record, k.birth,
            coalesce(k.generation, p.generation + 1, 0) as generation
        from kept as k
        left join (
            select base_record, max(generation) as generation from customer_ids_before group by base_record
        ) as p on p.base_record = k.smallest_record
    ) as numbered
"""

_NUMBER = "select 1 + coalesce(max(since), 0) as number from customer_ids_before"

_CUSTOMER_IDS = """
    select
        coalesce(h.source, p.source) as source,
        coalesce(h.record_key, p.record_key) as record_key,
        coalesce(h.customer_id, p.customer_id) as customer_id,
        coalesce(h.base_record, p.base_record) as base_record,
        coalesce(h.generation, p.generation) as generation,
        coalesce(h.birth, p.birth, n.number) as birth,
        case when h.customer_id is null or p.held then p.since else n.number end as since,
        case when h.customer_id is not null then null when p.held then n.number else p.until end as until,
        h.customer_id is not null as held
    from customer_ids_before as p
    full join holders as h on h.source = p.source and h.record_key = p.record_key and h.customer_id = p.customer_id
    cross join number as n
"""

_RETIRED = """
    select customer_id, source, record_key
    from customer_ids
    qualify not bool_or(held) over (partition by customer_id)
"""

_MOVED = """
    select r.customer_id, h.customer_id as surviving_customer_id, h.birth, h.since
    from retired as r
    left join customer_ids as h on h.source = r.source and h.record_key = r.record_key and h.held
"""

_REDIRECTS = """
    select customer_id, surviving_customer_id, max(since) as since
    from moved
    group by customer_id, surviving_customer_id
    qualify row_number() over (
        partition by customer_id
        order by surviving_customer_id is null, count(*) desc, any_value(birth), surviving_customer_id
    ) = 1
"""


def stages(*, configured: bool = False) -> list[Stage]:
    """The next version of the registry; the last stage writes CUSTOMER_IDS.

    Reads `clusters` and `customer_ids_before` (the version before; empty at first), and `configured_ids` where there are
    any. Where no cluster changed, the rows are those of the version before.
    """
    record, cluster, each_id = by("source", "record_key"), by("cluster_id"), by("customer_id")
    claims = "free_clusters" if configured else "claims"
    granted = {"granted": cluster} if configured else {}
    return [
        steps.stage(steps.OPEN, _OPEN, customer_ids_before=each_id),
        steps.stage(steps.CLAIMS, _CLAIMS, clusters=record, open=record),
        *(granting.stages() if configured else ()),
        steps.stage(steps.PAIRS, _PAIRS.replace("from claims", f"from {claims}"), **{claims: each_id}),
        steps.stage(steps.RIVALS, _RIVALS, pairs=cluster),
        steps.stage(steps.CONTESTED, _CONTESTED, rivals=anyhow()),
        steps.stage(steps.SETTLED, settle, contested=whole()),
        steps.stage(
            steps.KEPT, _KEPT.replace("{granted}", _AND_GRANTED if configured else ""),
            clusters=cluster, rivals=cluster, settled=cluster, **granted,
        ),
        steps.stage(steps.HOLDERS, _HOLDERS, kept=by("smallest_record"), customer_ids_before=by("base_record")),
        steps.stage(steps.NUMBER, _NUMBER, customer_ids_before=whole()),
        steps.stage(CUSTOMER_IDS, _CUSTOMER_IDS, customer_ids_before=record, holders=record, number=everywhere()),
    ]  # fmt: skip


def redirect_stages() -> list[Stage]:
    """Where each id without a holder leads, from `customer_ids` alone; the last stage writes CUSTOMER_ID_REDIRECTS."""
    record = by("source", "record_key")
    return [
        steps.stage(steps.RETIRED, _RETIRED, customer_ids=by("customer_id")),
        steps.stage(steps.MOVED, _MOVED, retired=record, customer_ids=record),
        steps.stage(CUSTOMER_ID_REDIRECTS, _REDIRECTS, moved=by("customer_id")),
    ]


def settle(inputs: Mapping[str, pa.Table], _: Mapping[str, Any]) -> pa.Table:
    """Which of the contested pairs of id and cluster come together: the first in order whose two sides are both free.

    The only part that has to go one by one; pairs that nobody contests never come here.
    """
    pairs = inputs["contested"].sort_by(_ORDER)
    taken: set[str] = set()
    given: set[str] = set()
    chosen: list[bool] = []
    for customer_id, cluster_id in zip(pairs["customer_id"].to_pylist(), pairs["cluster_id"].to_pylist(), strict=True):
        free = customer_id not in given and cluster_id not in taken
        if free:
            given.add(customer_id)
            taken.add(cluster_id)
        chosen.append(free)
    return pairs.filter(pa.array(chosen, pa.bool_()))


def checks(*, configured: bool = False) -> list[Check]:
    """What must hold before a version of the registry is written."""
    return [
        *([granting.CHECK] if configured else []),
        Check(
            "conservation",
            "every record of a cluster with a profile holds one id, and no other record holds any",
            """
            select count(*)
            from (select source, record_key from clusters where has_profile) as c
            full join (select source, record_key from customer_ids where held) as h
                on h.source = c.source and h.record_key = c.record_key
            where c.source is null or h.source is null
            """,
        ),
        Check(
            "one_id_a_cluster",
            "a cluster's records hold the same id, and an id is held in one cluster only",
            """
            select 2 * count(*) - count(distinct customer_id) - count(distinct cluster_id)
            from (
                select distinct h.customer_id, c.cluster_id
                from customer_ids as h
                join clusters as c on c.source = h.source and c.record_key = h.record_key
                where h.held
            ) as pairs
            """,
        ),
        Check(
            "nothing_forgotten",
            "every row of the version before is still there",
            """
            select count(*)
            from customer_ids_before as p
            left join customer_ids as n
                on n.source = p.source and n.record_key = p.record_key and n.customer_id = p.customer_id
            where n.source is null
            """,
        ),
    ]


def redirect_checks() -> list[Check]:
    """What must hold before the redirects are written."""
    return [
        Check(
            "conservation",
            "every id is either held by a record or redirected, and never both",
            """
            select count(*)
            from (select customer_id from customer_ids group by customer_id having not bool_or(held)) as r
            full join customer_id_redirects as d on d.customer_id = r.customer_id
            where r.customer_id is null or d.customer_id is null
            """,
        ),
        Check(
            "leads_to_a_customer",
            "every surviving id is held by a record",
            """
            select count(*)
            from customer_id_redirects as d
            left join (select distinct customer_id from customer_ids where held) as h
                on h.customer_id = d.surviving_customer_id
            where d.surviving_customer_id is not null and h.customer_id is null
            """,
        ),
    ]
