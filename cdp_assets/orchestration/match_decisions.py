"""Decisions on two records of customers, accounts or contacts: what would follow, taking one, and those that stand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cdp_assets.config import Project
from cdp_assets.config.guards import pair_lists
from cdp_assets.contacts.entity import ACCOUNTS, CONTACTS, as_customers, view
from cdp_assets.contacts.outdated import advice, outdated
from cdp_assets.contacts.state_tables import state_tables
from cdp_assets.errors import UserError
from cdp_assets.governance import decide, latest, standing
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity.assets import steps
from cdp_assets.identity.explain.state import last_whole
from cdp_assets.identity.outlook import Outlook, Record, Verdict, outlook, subject
from cdp_assets.identity.overrides import kind_of
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.tables import MATCH_OVERRIDES
from cdp_assets.lake import Place, Source, folder_aside, no_values_in_errors, session
from cdp_assets.lake.source import literal, name
from cdp_assets.segments.tables import SEGMENT_MEMBERSHIP

ENTITIES = {"customers": None, "accounts": ACCOUNTS, "contacts": CONTACTS}
_CONTRADICTED = "It would not count: {against} says that these two are never one, and never wins."
_NOT_DECIDED = "Nobody has decided on these two, so there is nothing to take back: `cdp match list` shows the decisions that stand."
_IN_LISTS = " What a list of pairs says of them is taken back in the list: {lists}."


@dataclass(frozen=True)
class Foreseen:
    """What a decision would do: to ids, and to what is made of the profiles that it touches.

    `outdated`: cdp.yaml has changed since the last refresh, of whose records and pairs this is.
    """

    outlook: Outlook
    segments: dict[str, int]
    exports: list[str]
    why_not: str | None
    outdated: bool = False

    @property
    def moved(self) -> dict[Record, tuple[str | None, str | None]]:
        """Record -> id before and after, of those whose id would change."""
        return self.outlook.moved

    @property
    def touched(self) -> tuple[str, ...]:
        """The ids whose records would not stay the same."""
        return self.outlook.touched

    @property
    def new_ids(self) -> set[str]:
        """Ids that were never given out before."""
        return {i for i in self.outlook.after.values() if i} - {i for i in self.outlook.before.values() if i} - self.outlook.former


@dataclass(frozen=True)
class Standing:
    """A decision that stands; `state` is what the last refresh made of it."""

    when: datetime
    user: str
    pair: tuple[Record, Record]
    verdict: str
    state: str


def foresee(project: Project, of: str, pair: tuple[Record, Record], verdict: Verdict) -> Foreseen:
    """What would follow from a verdict; UserError where it cannot be given on these records."""
    seen, place = _view(project, of), Place(project.store)
    stands = latest(place, kind_of(seen.config), subject(seen.config, pair))
    decided = stands is not None and stands.verdict in ("accept", "reject")
    if verdict == "accept" or not decided:  # otherwise there may be neither record nor source any more
        _known(seen, pair)
    place.prepare()
    old = outdated(project, of)
    with advice(old), folder_aside(place.store) as work:
        memory = project.config.engine.memory_bytes
        found = outlook(seen.config, _reader(project, of), work, pair, verdict, memory=memory, decided=decided)
    segments = _segments(project, of, found.touched)
    exports = sorted(n for n, each in project.config.exports.items() if set(each.segments) & set(segments))
    why_not = _CONTRADICTED.format(against=found.against) if found.used == "contradicted" else None
    if verdict == "undo" and not decided:
        lists = ", ".join(pair_lists(seen.config.customers))
        why_not = _NOT_DECIDED + (_IN_LISTS.format(lists=lists) if lists else "")
    return Foreseen(found, segments, exports, why_not, old)


def decide_pair(project: Project, user: str, of: str, pair: tuple[Record, Record], verdict: Verdict) -> None:
    """Write the decision down. Who may decide is asked before, with `require`."""
    config = _view(project, of).config
    decide(Place(project.store), user=user, kind=kind_of(config), subject=subject(config, pair), verdict=verdict, pair=pair)


def standing_decisions(project: Project, of: str) -> list[Standing]:
    """The decisions that stand, the newest first."""
    config, place = _view(project, of).config, Place(project.store)
    stated, edges = place.newest(MATCH_OVERRIDES), place.newest(state_tables(project, of).edges)
    sql = f"""
        select d."at", d.user_name, d.left_source, d.left_key, d.right_source, d.right_key, d.verdict,
            coalesce('no effect: ' || e.reason, o.state || coalesce(' by ' || o.contradicted_by, ''), 'not yet seen')
        from ({standing()}) as d
        left join ({stated.sql}) as o on o.origin = 'decision' and o.entity = {literal(of)} and o.entry = d.subject
        left join (select * from ({edges.sql}) where kind = 'always' and status = 'refused') as e
            on o.state = 'used' and o.verdict = 'always' and d.verdict = 'accept'
            and (e.left_source, e.left_key, e.right_source, e.right_key) = (o.left_source, o.left_key, o.right_source, o.right_key)
        where d.kind = {literal(kind_of(config))} and d.verdict in ('accept', 'reject')
        order by 1 desc, 3, 4, 5, 6
    """
    with no_values_in_errors(DECISIONS.name), session() as connection:
        connection.execute(f"create temp view {name(DECISIONS.name)} as {place.newest(DECISIONS).sql}")
        rows = connection.execute(sql).fetchall()
    return [Standing(at, user, ((a, b), (c, d)), verdict, state) for at, user, a, b, c, d, verdict, state in rows]


def _view(project: Project, of: str) -> Project:
    entity = ENTITIES[of]
    if entity is None:
        return project
    if getattr(project.config, of) is None:
        raise UserError(f"There are no {of} in cdp.yaml.")
    return view(project, entity)


def _known(project: Project, pair: tuple[Record, Record]) -> None:
    """UserError where a source takes no part, or both are one record."""
    names = [*record_sources(project.config), *event_sources(project.config)]
    for source, _ in pair:
        if source not in names:
            raise UserError(f"{source} is no source of {project.config.customers.section}. There are: {', '.join(names)}.")
    if pair[0] == pair[1]:
        raise UserError("Both are the same record.")


def _reader(project: Project, of: str) -> Callable[[str], Source]:
    """Reads a table of customers, or of the entity's in its place, by its name: in the last whole state, decisions as they are now.

    Raises UserError where there is no such state.
    """
    place, seen, entity = Place(project.store), _view(project, of), ENTITIES[of]
    tables = {table.name: table for step in steps(seen) for table in (step.table, *step.reads.values())}
    its = state_tables(project, of, for_decisions=True)
    state = last_whole(place, its)
    if state is None:
        raise UserError(f"There are no {of} yet: `cdp refresh` makes them.")
    known = state.sources(place, its)
    return lambda table: as_customers(lambda each: known.get(each.name) or place.newest(each), tables[table], entity)


def _segments(project: Project, of: str, ids: tuple[str, ...]) -> dict[str, int]:
    """Segment -> members among these profiles now."""
    if not ids or of == "accounts" or not project.config.segments:
        return {}
    mine = [n for n, segment in project.config.segments.items() if segment.of == of]
    listing = ", ".join(literal(i) for i in ids)
    rows = Place(project.store).newest(SEGMENT_MEMBERSHIP).sql
    with no_values_in_errors(SEGMENT_MEMBERSHIP.name), session() as connection:
        sql = f"select segment, count(*) from ({rows}) where left_on is null and member_id in ({listing}) group by 1 order by 1"
        return {segment: count for segment, count in connection.execute(sql).fetchall() if segment in mine}
