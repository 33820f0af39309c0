"""The id registry: gives every cluster a customer id that stays the same for as long as its records stay together.

An id goes to the cluster that holds most of its records (merge: the id with most records survives; split: the larger
part keeps it). A record that had left and comes back brings its last id along, if nobody else has that id and its
cluster has none. All other clusters get a new id, made from their smallest record and never given out before.

The registry reads its own previous version under the name `customer_ids_before`; the registry number counts the
versions in which a record got an id. How clusters come about is no matter of this module.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from cdp_assets.identity import registry_nasty as nasty
from cdp_assets.identity.registry_tables import CUSTOMER_ID_REDIRECTS, CUSTOMER_IDS
from cdp_assets.lake import Check, Stage, by, everywhere, intermediate, whole
from cdp_assets.lake.stage import anyhow

_ID = """
    customer_id | varchar | the id
    base_record | varchar | what it was made from
    generation  | integer | what it was made from
    birth       | bigint  | registry number in which it was issued
"""
_CLUSTER = """
    cluster_id      | varchar | the cluster
    smallest_record | varchar | its smallest `source|key`
"""
_PAIR = _CLUSTER + _ID + "\n    held | boolean | held by its records; false: only remembered by records that came back"

CLAIMS = intermediate("claims", _PAIR)
PAIRS = intermediate(
    "pairs", _PAIR + "\n    overlap | bigint | records of the cluster behind it\n    clusters | bigint | clusters that claim it"
)
CONTESTED = intermediate("contested", _PAIR + "\n    overlap | bigint | records of the cluster behind it")
RIVALS = intermediate(
    "rivals", _PAIR + "\n    overlap | bigint | records behind it\n    contested | boolean | the id or the cluster has another claim"
)
CLUSTER_IDS = intermediate("cluster_ids", _CLUSTER + _ID)
HOLDERS = intermediate("holders", "source | varchar | as in clusters\n    record_key | varchar | as in clusters" + _ID)
NUMBER = intermediate("number", "number | bigint | the registry number of this version, if a record gets an id in it")

# A record speaks for the id that it holds; if it holds none, for the one that it held last.
_CLAIMS = """
    select c.cluster_id, c.smallest_record, p.customer_id, p.base_record, p.generation, p.birth, p.held
    from clusters as c
    join (
        select source, record_key, customer_id, base_record, generation, birth, held
        from customer_ids_before
        qualify row_number() over (partition by source, record_key order by held desc, since desc, customer_id) = 1
    ) as p on p.source = c.source and p.record_key = c.record_key
    where c.has_profile
"""

# Records that came back count only where none of the cluster's records holds the id.
_PAIRS = """
    select
        cluster_id, any_value(smallest_record) as smallest_record, customer_id, any_value(base_record) as base_record,
        any_value(generation) as generation, any_value(birth) as birth, bool_or(held) as held,
        case when bool_or(held) then count(*) filter (where held) else count(*) end as overlap,
        count(*) over (partition by customer_id) as clusters
    from claims
    group by customer_id, cluster_id
"""

_RIVALS = """
    select
        cluster_id, smallest_record, customer_id, base_record, generation, birth, held, overlap,
        clusters > 1 or count(*) over (partition by cluster_id) > 1 as contested
    from pairs
"""

_CONTESTED = """
    select cluster_id, smallest_record, customer_id, base_record, generation, birth, held, overlap
    from rivals
    where contested
"""

_KEPT = """
    select c.cluster_id, c.smallest_record, k.customer_id, k.base_record, k.generation, k.birth
    from (select distinct cluster_id, smallest_record from clusters where has_profile) as c
    left join (
        select cluster_id, customer_id, base_record, generation, birth from rivals where not contested
        union all
        select cluster_id, customer_id, base_record, generation, birth from settled
    ) as k on k.cluster_id = c.cluster_id
"""

# The generations of a base record have no gap, because rows are never removed: the next one was never given out.
_ISSUED = """
    with kept as (
        select k.cluster_id, k.smallest_record, k.customer_id, k.base_record, k.birth,
            coalesce(k.generation, p.generation + 1, 0) as generation
        from kept as k
        left join (
            select base_record, max(generation) as generation from customer_ids_before group by base_record
        ) as p on p.base_record = k.smallest_record
    )
    select
        cluster_id, smallest_record, coalesce(customer_id, md5(smallest_record || '|' || generation)) as customer_id,
        coalesce(base_record, smallest_record) as base_record, generation, birth
    from kept
"""

_HOLDERS = """
    select c.source, c.record_key, i.customer_id, i.base_record, i.generation, i.birth
    from clusters as c
    join issued as i on i.cluster_id = c.cluster_id
    where c.has_profile
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
        case when p.customer_id is null or (h.customer_id is not null and not p.held) then n.number else p.since end as since,
        h.customer_id is not null as held
    from customer_ids_before as p
    full join holders as h on h.source = p.source and h.record_key = p.record_key and h.customer_id = p.customer_id
    cross join number as n
"""


def stages() -> list[Stage]:
    """The next version of the registry; the last stage writes CUSTOMER_IDS.

    Reads `clusters` and `customer_ids_before` (the version before, empty at first). Nothing changes if no cluster did.
    """
    record = by("source", "record_key")
    return [
        Stage("claims", {"clusters": record, "customer_ids_before": record}, _CLAIMS, CLAIMS, nasty=nasty.history),
        Stage("pairs", {"claims": by("customer_id")}, _PAIRS, PAIRS, nasty=nasty.of(CLAIMS)),
        Stage("rivals", {"pairs": by("cluster_id")}, _RIVALS, RIVALS, nasty=nasty.of(PAIRS)),
        Stage("contested", {"rivals": anyhow()}, _CONTESTED, CONTESTED, nasty=nasty.of(RIVALS)),
        Stage(
            "settled", {"contested": whole()}, settle, CONTESTED, nasty=nasty.of(CONTESTED),
            lineage={name: (f"contested.{name}",) for name in CONTESTED.column_names},
        ),
        Stage(
            "kept", {"clusters": by("cluster_id"), "rivals": by("cluster_id"), "settled": by("cluster_id")}, _KEPT, CLUSTER_IDS,
            nasty=nasty.of(RIVALS, settled=CONTESTED),
        ),
        Stage("issued", {"kept": by("smallest_record"), "customer_ids_before": by("base_record")}, _ISSUED, CLUSTER_IDS, nasty=nasty.of(kept=CLUSTER_IDS)),
        Stage("holders", {"clusters": by("cluster_id"), "issued": by("cluster_id")}, _HOLDERS, HOLDERS, nasty=nasty.of(issued=CLUSTER_IDS)),
        Stage("number", {"customer_ids_before": whole()}, _NUMBER, NUMBER, nasty=nasty.history),
        Stage(
            "customer_ids", {"customer_ids_before": record, "holders": record, "number": everywhere()}, _CUSTOMER_IDS, CUSTOMER_IDS,
            nasty=nasty.of(HOLDERS, NUMBER),
        ),
    ]
