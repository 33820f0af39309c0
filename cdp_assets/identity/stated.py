"""What people state of two records, as edges and as a judgement of what the rules found."""

from cdp_assets.identity.limits import overrides_example
from cdp_assets.identity.tables import MATCH_OVERRIDES, evidence
from cdp_assets.lake import Stage, by

# never: the pair is not one; always: it is; forced: people say of the right record which records of other sources it belongs to.
JUDGED = "coalesce(s.never, false) as never, coalesce(s.always, false) as always, f.right_key is not null as forced"
STATED = """
    left join (
        select left_source, left_key, right_source, right_key, bool_or(verdict = 'never') as never, bool_or(verdict = 'always') as always
        from match_overrides where state = 'used' group by left_source, left_key, right_source, right_key
    ) as s on s.left_source = h.left_source and s.left_key = h.left_key and s.right_source = h.right_source and s.right_key = h.right_key
    left join (
        select distinct right_source, right_key from match_overrides
        where state = 'used' and verdict = 'always' and left_source <> right_source
    ) as f on f.right_source = h.right_source and f.right_key = h.right_key
"""
"""What JUDGED is asked of: to stand after `from ... as h`, whose pairs have the columns of an edge."""
NEVER, ALWAYS = "never-match", "an always-match decides"
"""Reasons of edges that are refused because people state something else."""


def always_edges(title: str) -> Stage:
    """An edge for each pair that people say is one."""
    body = """
        select left_source, left_key, right_source, right_key, 'always-match' as rule, cast(0 as integer) as rule_rank,
            'always' as kind, cast(1 as double) as weight, cast(null as varchar) as status, cast(null as varchar) as reason
        from match_overrides where state = 'used' and verdict = 'always'
        group by left_source, left_key, right_source, right_key
    """
    pair = by("left_source", "left_key", "right_source", "right_key")
    return Stage(title, {MATCH_OVERRIDES.name: pair}, body, evidence(title), nasty=lambda: {MATCH_OVERRIDES.name: overrides_example()})
