"""The judgement of what rules found by what people state, as SQL that stands after `from ... as h`."""

from cdp_assets.config import ProjectConfig
from cdp_assets.lake.source import literal

ALWAYS_EDGES = "always edges"
"""The stage with an edge for each pair that people say is one: with a status where one of the two does not exist."""
# never: the pair is not one; always: it is; forced: people say of the right record which records of other sources it belongs to.
# A pair whose other record does not exist says nothing: the rules decide.
NEVER_SAID = "coalesce(s.never, false) as never"
JUDGED = f"{NEVER_SAID}, coalesce(s.always, false) as always, f.right_key is not null as forced"
_STATED = """
    left join (
        select left_source, left_key, right_source, right_key, bool_or(verdict = 'never') as never, bool_or(verdict = 'always') as always
        from match_overrides where state = 'used' and entity = {entity} group by left_source, left_key, right_source, right_key
    ) as s on s.left_source = h.left_source and s.left_key = h.left_key and s.right_source = h.right_source and s.right_key = h.right_key
"""
_FORCED = f"""
    left join (
        select distinct right_source, right_key from "{ALWAYS_EDGES}" where status is null and left_source <> right_source
    ) as f on f.right_source = h.right_source and f.right_key = h.right_key
"""
NEVER, ALWAYS = "never-match", "an always-match decides"
"""Reasons of edges that are refused because people state something else."""


def stated(config: ProjectConfig) -> str:
    """What NEVER_SAID is asked of: the pairs of `h` have the columns of an edge."""
    return _STATED.format(entity=literal(config.customers.section))


def stated_and_forced(config: ProjectConfig) -> str:
    """What JUDGED is asked of; reads ALWAYS_EDGES too."""
    return stated(config) + _FORCED
