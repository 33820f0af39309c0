"""The steps of the station `segments`: who is and was a member, and how large each segment is."""

from functools import partial

from cdp_assets.clv.tables import CLV_SCORES
from cdp_assets.config import Project, ProjectConfig
from cdp_assets.contacts.entity import ACCOUNTS, table_of, view
from cdp_assets.contacts.tables import contact_profiles
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT
from cdp_assets.governance.tables import CONSENTS
from cdp_assets.lake import Step, Table
from cdp_assets.measures.tables import customer_measures
from cdp_assets.segments import membership
from cdp_assets.segments.rules import entities_of
from cdp_assets.segments.subjects import PROFILES, origin_of, subjects_of
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP, SEGMENTS
from cdp_assets.unify.tables import unified_profiles


def steps(project: Project) -> list[Step]:
    """The history of members, and the segments; none where cdp.yaml has no segment."""
    config = project.config
    if not config.segments:
        return []
    return [
        Step(
            SEGMENT_MEMBERSHIP,
            "segments",
            "Who is or was a member of which segment, from when to when, and why no longer. Reads its own last version.",
            {**_inputs(project), membership.BEFORE: SEGMENT_MEMBERSHIP},
            stages=partial(membership.membership_stages, config),
            checks=partial(membership.membership_checks, config),
            uses_as_of=True,
            numbers={"memberships": "count(*) filter (left_on is null)", "left": "count(*) filter (left_on is not null)"},
        ),
        Step(
            SEGMENTS,
            "segments",
            "The segments of cdp.yaml: their rules in words, and how many members they have.",
            {"segment_membership": SEGMENT_MEMBERSHIP},
            stages=partial(membership.segment_stages, config),
            checks=partial(membership.segment_checks, config),
            uses_as_of=True,
            numbers={
                "empty": "count(*) filter (state = 'empty')",
                "largest": "coalesce(max(members), 0)",
                "entered": "coalesce(sum(entered), 0)",
                "departed": "coalesce(sum(departed), 0)",
            },
        ),
    ]


def _inputs(project: Project) -> dict[str, Table]:
    """The profiles of whom there are segments, and the tables that their rules ask."""
    config = project.config
    entities = entities_of(config)
    origins = [origin_of(subject) for entity in entities for _, subject in subjects_of(config, entity).values()]
    names = dict.fromkeys([PROFILES[entity][0] for entity in entities] + [origin.table for origin in origins if origin])
    return {name: _declaration(project, config, name) for name in names}


def _declaration(project: Project, config: ProjectConfig, name: str) -> Table:
    match name:
        case "unified_profiles":
            return unified_profiles(config)
        case "contact_profiles":
            return contact_profiles(config)
        case "customer_measures":
            return customer_measures(config)
        case "account_profiles":
            return table_of(unified_profiles(view(project, ACCOUNTS).config), ACCOUNTS)
        case _:
            return {table.name: table for table in (CLV_SCORES, CONSENTS, ACCOUNT_ENGAGEMENT)}[name]
