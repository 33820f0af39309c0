"""Who gets an id that the configuration makes from fields, and what is left for the rule of the registry.

Part of the registry (registry.py), for configurations with `id`; which cluster asks for which id says configured.py.
"""

from cdp_assets.identity import registry_steps as steps
from cdp_assets.lake import Check, Stage, by

# Held first, so that an id stays where it is while several ask for it. One that was given before keeps its birth.
_GRANTED = """
    select i.cluster_id, i.smallest_record, i.customer_id, i.base_record, 0 as generation, p.birth
    from configured_ids as i
    left join (
        select customer_id, cluster_id, count(*) as overlap from claims where held group by customer_id, cluster_id
    ) as o on o.customer_id = i.customer_id and o.cluster_id = i.cluster_id
    left join (select customer_id, min(birth) as birth from customer_ids_before group by customer_id) as p
        on p.customer_id = i.customer_id
    qualify row_number() over (
        partition by i.customer_id order by coalesce(o.overlap, 0) desc, i.records desc, i.smallest_record
    ) = 1
"""

_FREE_CLAIMS = """
    select c.cluster_id, c.smallest_record, c.customer_id, c.base_record, c.generation, c.birth, c.held, c.since, c.until, c.brought
    from claims as c
    left join granted as g on g.customer_id = c.customer_id
    where g.customer_id is null
"""

_FREE_CLUSTERS = """
    select c.cluster_id, c.smallest_record, c.customer_id, c.base_record, c.generation, c.birth, c.held, c.since, c.until, c.brought
    from free_claims as c
    left join granted as g on g.cluster_id = c.cluster_id
    where g.cluster_id is null
"""

CHECK = Check(
    "configured_ids_are_given",
    "every id that a cluster asks for by its fields is held by one of those that ask for it",
    """
    select count(*)
    from (select distinct customer_id from configured_ids) as i
    left join (
        select distinct h.customer_id
        from customer_ids as h
        join clusters as c on c.source = h.source and c.record_key = h.record_key
        join configured_ids as i on i.cluster_id = c.cluster_id and i.customer_id = h.customer_id
        where h.held
    ) as held on held.customer_id = i.customer_id
    where held.customer_id is null
    """,
)


def stages() -> list[Stage]:
    """Who gets the id that the configuration makes, and what is left for the others: other ids, other clusters."""
    cluster, each_id = by("cluster_id"), by("customer_id")
    return [
        steps.stage(steps.GRANTED, _GRANTED, configured_ids=each_id, claims=each_id, customer_ids_before=each_id),
        steps.stage(steps.FREE_CLAIMS, _FREE_CLAIMS, claims=each_id, granted=each_id),
        steps.stage(steps.FREE_CLUSTERS, _FREE_CLUSTERS, free_claims=cluster, granted=cluster),
    ]
