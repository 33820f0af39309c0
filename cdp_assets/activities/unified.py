"""Activities and the rows that are left out: two tables of the same rows, of which each takes what the other leaves."""

from dataclasses import dataclass

from cdp_assets.activities import given, nasty, owners
from cdp_assets.activities.tables import ACTIVITY_QUARANTINE, UNIFIED_ACTIVITIES
from cdp_assets.config import EventsSource, ProjectConfig
from cdp_assets.lake import AS_OF, Stage, by, everywhere
from cdp_assets.lake.source import literal, name
from cdp_assets.lake.stage import Meet

END = f"((select day from {name(AS_OF.name)}) + interval 1 day)"
"""The first instant after the day of the run."""

_SHAPE = 'customer_id, account_id, activity, type, time, title, detail, product, amount, returned, url, "show", source, source_key'


@dataclass(frozen=True)
class Kinds:
    """The activities of the configuration: those of sources of records, and those of sources of events."""

    records: tuple[str, ...]
    events: tuple[str, ...]


def kinds(config: ProjectConfig) -> Kinds:
    """The names of the activities by the kind of their source, in the order of the file."""
    events = [n for n, activity in config.activities.items() if isinstance(config.sources[activity.source], EventsSource)]
    return Kinds(tuple(n for n in config.activities if n not in events), tuple(events))


def stages(config: ProjectConfig) -> list[Stage]:
    """Reads the sources of all activities, the keys of customers and accounts, AS_OF. Writes UNIFIED_ACTIVITIES.

    A row is an activity when it is the newest with its key, names somebody who is known, has a time, and that is not
    after the day of the run.
    """
    found = kinds(config)
    ways = [owners.way_of(config, activity) for activity in config.activities]
    parts = [*(_records(config, each) for each in found.records), *(_events(config, each) for each in found.events)]
    body = f"""
        select md5(activity || '|' || source_key) as activity_id, customer_id, cast(null as varchar) as contact_id, account_id,
            activity, type, time, title, detail, product, amount, returned, url, "show", source, source_key
        from ({" union all ".join(parts)})
    """
    meets = _meets(config, found, ways=True)
    last = Stage("unified_activities", meets, body, UNIFIED_ACTIVITIES, nasty=lambda: nasty.activities(config, meets))
    return [*owners.stages(config, ways), *(given.stage(config, each) for each in found.records), last]


def quarantine_stages(config: ProjectConfig) -> list[Stage]:
    """Reads the same; writes ACTIVITY_QUARANTINE: the rows that are no activities, each with the first reason that holds.

    Events of visitors who have no profile are not in it: that is what the configuration asks for, and no fault of theirs.
    """
    found = kinds(config)
    ways = [owners.way_of(config, activity) for activity in found.records]
    parts = [*(_faults_of_records(config, each) for each in found.records), *(_faults_of_events(config, each) for each in found.events)]
    body, meets = " union all ".join(parts), _meets(config, found, ways=bool(ways))
    last = Stage("activity_quarantine", meets, body, ACTIVITY_QUARANTINE, nasty=lambda: nasty.activities(config, meets))
    before = owners.stages(config, ways) if ways else []
    return [*before, *(given.stage(config, each) for each in found.records), last]


def _judged(config: ProjectConfig, activity: str) -> str:
    """The rows of an activity of a source of records with whose they are and the first reason against them."""
    way = owners.way_of(config, activity)
    return f"""
        select g.*, w.customer_id, w.account_id, {_always(config, activity)},
            case
                when g.nth > 1 then 'repeated_key'
                when g.who is null then 'no_customer_key'
                when w.who is null then 'customer_unknown'
                when g.time is null then 'no_time'
                when g.time >= {END} then 'after_as_of'
                when g.amount_lost then 'amount_out_of_range'
            end as reason
        from {name(given.rows_of(activity))} as g
        left join {name(owners.WAYS.name)} as w on w.target = {literal(way.target)} and w.who = g.who
    """


def _always(config: ProjectConfig, activity: str) -> str:
    """The select list of what is the same for all rows of an activity."""
    settings = config.activities[activity]
    values = {"activity": literal(activity), "source": literal(settings.source), "type": literal(settings.type_name)}
    return ", ".join([*(f"{value} as {label}" for label, value in values.items()), f'{"true" if settings.show else "false"} as "show"'])


def _records(config: ProjectConfig, activity: str) -> str:
    return f"select {_SHAPE} from ({_judged(config, activity)}) where reason is null"


def _faults_of_records(config: ProjectConfig, activity: str) -> str:
    columns = "activity, source, source_file, source_line, source_key, reason, amount"
    return f"select {columns} from ({_judged(config, activity)}) where reason is not null"


def _events(config: ProjectConfig, activity: str) -> str:
    settings = config.activities[activity]
    rows = f"""
        select event_id as source_key, visitor_id, time, {given.texts(config, activity, "event")},
            cast(null as {given.AMOUNT}) as amount, {given.returned(settings.returned, None)} as returned, {_always(config, activity)}
        from {name(settings.source)} where time < {END}
    """
    way = literal(owners.way_of(config, activity).target)
    return f"select {_SHAPE} from ({rows}) as e join {name(owners.WAYS.name)} as w on w.target = {way} and w.who = e.visitor_id"


def _faults_of_events(config: ProjectConfig, activity: str) -> str:
    source = config.activities[activity].source
    return f"""
        select {literal(activity)} as activity, {literal(source)} as source, source_file, source_line, event_id as source_key,
            'after_as_of' as reason, cast(null as {given.AMOUNT}) as amount
        from {name(source)} where time >= {END}
    """


def _meets(config: ProjectConfig, found: Kinds, *, ways: bool) -> dict[str, Meet]:
    meets = {given.rows_of(each): by("who") for each in found.records}
    meets |= {config.activities[each].source: by("visitor_id") for each in found.events}
    return {**meets, **({owners.WAYS.name: by("who")} if ways else {}), AS_OF.name: everywhere()}
