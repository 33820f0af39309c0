"""Parts of a refresh that can be run alone: matching only, profiles, or profiles and all that depends on them, for each entity.

Every one includes what its tables are made from: sources that changed are read first, unchanged ones cost next to nothing.
What stands below and is not part of it waits for the next refresh, and nothing is published that does not belong together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cdp_assets.config import ProjectConfig
from cdp_assets.errors import UserError
from cdp_assets.lake import Step
from cdp_assets.orchestration.shown import assets_among

What = Literal["matching", "profiles", "dependents"]
Entity = Literal["customers", "accounts", "contacts"]
WHATS: tuple[What, ...] = ("matching", "profiles", "dependents")
ENTITIES: tuple[Entity, ...] = ("customers", "accounts", "contacts")

MATCHING: dict[str, tuple[str, ...]] = {
    "customers": ("match_edges", "clusters"),
    "accounts": ("account_match_edges", "account_clusters"),
    "contacts": ("contact_match_edges", "contact_clusters"),
}
"""Entity -> what its matching results in."""
PROFILES: dict[str, tuple[str, ...]] = {
    "customers": ("unified_profiles", "profile_lineage", "alternate_keys", "customer_id_redirects", "customer_id_changes"),
    "accounts": ("account_profiles", "account_lineage", "account_keys", "account_id_redirects"),
    "contacts": (
        *("contacts", "contact_lineage", "contact_keys", "contact_id_redirects"),
        *("contact_account_links", "contact_quarantine", "contact_profiles"),
    ),
}
"""Entity -> what its unification results in."""
JOBS: dict[str, str] = {"matching": "match_{}", "profiles": "unify_{}", "dependents": "unify_{}_and_dependents"}


@dataclass(frozen=True)
class Mode:
    """A part of a refresh: its job, and the tables that it covers with all that they are made from."""

    what: What
    of: Entity
    tables: tuple[str, ...]

    @property
    def job(self) -> str:
        """The name of the job, before the prefix."""
        return JOBS[self.what].format(self.of)

    @property
    def description(self) -> str:
        """What the job does, for the list of jobs."""
        said = {
            "matching": f"Which records are one of {self.of}: deduplication and matching only. No profile changes.",
            "profiles": f"The profiles of {self.of}, from their sources. What depends on them waits for the next refresh.",
            "dependents": f"The profiles of {self.of} and all that depends on them, but for exports.",
        }
        return f"{said[self.what]} Event days that are due are found by the run."


def modes_of(config: ProjectConfig, steps: Sequence[Step]) -> list[Mode]:
    """The modes of a project: of the entities that it has. Nothing is matched where an entity has one source."""
    above = {step.table.name: {table.name for table in step.reads.values()} for step in steps}
    below: dict[str, set[str]] = {name: set() for name in above}
    for name, reads in above.items():
        for read in reads & above.keys():
            below[read].add(name)
    found = []
    for entity in ENTITIES:
        section = getattr(config, entity)
        if section is None or not section.match_order:
            continue
        for what in WHATS:
            if what == "matching" and len(section.match_order) < 2:
                continue
            wanted = set(MATCHING[entity] if what == "matching" else PROFILES[entity]) & above.keys()
            if what == "dependents":
                # accounts and contacts are unified together: a contact is linked to an account
                together = {table for other in ("accounts", "contacts") for table in PROFILES[other]} if entity != "customers" else set()
                wanted = reachable(wanted | together & above.keys(), below)
            found.append(Mode(what, entity, tuple(assets_among(reachable(wanted, above), steps))))
    return found


def mode_of(config: ProjectConfig, steps: Sequence[Step], what: str, entity: str) -> Mode:
    """The mode that a user names; UserError where the project has none such, with those that it has."""
    found = modes_of(config, steps)
    if what not in WHATS or entity not in ENTITIES:
        raise UserError(f"There is no part {what!r} of {entity!r}. Parts: {', '.join(WHATS)}; of {', '.join(ENTITIES)}.")
    for mode in found:
        if (mode.what, mode.of) == (what, entity):
            return mode
    if not any(mode.of == entity for mode in found):
        raise UserError(f"cdp.yaml has no section {entity}, so there are none to refresh.")
    raise UserError(f"The section {entity} has one source, so there is nothing to match. `--only profiles` makes the profiles.")


def reachable(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """The tables of `start` and all that can be reached from them over the edges, of those that have edges themselves."""
    seen: set[str] = set()
    left = [name for name in start if name in edges]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += [other for other in edges[name] if other in edges and other not in seen]
    return seen
