"""The whole of cdp.yaml: the sections in the order of the lineage."""

from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, model_validator

from cdp_assets.config.accounts import Accounts
from cdp_assets.config.activities import Activity, ActivityName
from cdp_assets.config.alerts import Alerts
from cdp_assets.config.base import RefusedError, Section, SourceName
from cdp_assets.config.clv import Prediction, PredictionName
from cdp_assets.config.connections import Connection, ConnectionName
from cdp_assets.config.contacts import Contacts
from cdp_assets.config.customers import People
from cdp_assets.config.engagement import Engagement
from cdp_assets.config.engine import Engine
from cdp_assets.config.exports import Export, ExportName
from cdp_assets.config.measures import Measure, MeasureName
from cdp_assets.config.roles import Roles
from cdp_assets.config.schedule import Schedule, ScheduleOrOff
from cdp_assets.config.segments import Segment, SegmentName
from cdp_assets.config.sources import Source, kind_of, without_consents
from cdp_assets.config.storage import Storage
from cdp_assets.config.upkeep import Upkeep
from cdp_assets.config.web import Web


def with_defaults(written: Any) -> Any:
    """The document as written, with the sources of people as match_order where it states none."""
    if not isinstance(written, dict):
        return written
    sources, customers = written.get("sources"), written.get("customers", {})
    if not sources or not isinstance(sources, dict) or not isinstance(customers, dict) or "match_order" in customers:
        return written
    elsewhere = _used_elsewhere(written)
    order = [name for name in without_consents(sources) if name not in elsewhere]
    return {**written, "customers": {**customers, "match_order": order or list(sources)}}


def _used_elsewhere(written: dict[str, Any]) -> set[str]:
    """The sources that hold accounts, contacts, activities or lists, as written; web events hold visitors too."""
    used: list[Any] = []
    for section in ("customers", "accounts", "contacts"):
        entity = written.get(section)
        for part in ("aliases", "bypass"):
            lists = entity.get(part) if isinstance(entity, dict) else None
            used += [each.get("source") for each in lists.values() if isinstance(each, dict)] if isinstance(lists, dict) else []
    for section in ("accounts", "contacts"):
        entity = written.get(section)
        order = entity.get("match_order") if isinstance(entity, dict) else None
        used += order if isinstance(order, list) else []
    for section in ("customers", "accounts", "contacts"):
        entity = written.get(section)
        lists = [entity.get(key) for key in ("always_match", "never_match")] if isinstance(entity, dict) else []
        used += [name for each in lists if isinstance(each, list) for name in each]
    activities = written.get("activities")
    for activity in activities.values() if isinstance(activities, dict) else ():
        source = activity.get("source") if isinstance(activity, dict) else None
        if isinstance(source, str) and kind_of(written["sources"].get(source)) == "records":
            used.append(source)
    return {name for name in used if isinstance(name, str)}


def _version(written: Any) -> Any:
    if type(written) is int and written != VERSION:
        raise RefusedError(another_version(written), allowed=["1"])
    if type(written) is not int:
        raise RefusedError("must be the number 1, without quotes: this program reads version 1 of the file", allowed=["version: 1"])
    return written


VERSION = 1
"""The version of the file's form that this program reads."""


def another_version(version: int) -> str:
    """What is said of a file of another version: nothing else of it can be judged."""
    if version < VERSION:
        return "this program reads version 1 of the file; there was none before it"
    return (
        f"this program reads version 1 of the file. Use a newer cdp_assets that reads version {version}, "
        "or write the file in the form of version 1 (docs/configuration.md); the rest of it was not looked at"
    )


class ProjectConfig(Section):
    """The configuration of a project. Only ``parse_config`` and ``load_project`` check one section against another."""

    version: Annotated[Literal[1], BeforeValidator(_version)]
    """The version of the file's form."""
    engine: Engine = Engine()
    roles: Roles = Roles()
    sources: Annotated[dict[SourceName, Source], pydantic.Field(min_length=1)]
    """What is read, by the name of the source."""
    customers: People = People()
    accounts: Accounts | None = None
    """How records of companies become accounts; without it there are none."""
    contacts: Contacts | None = None
    """How records of people who work for an account become contacts; without it there are none."""
    activities: dict[ActivityName, Activity] = {}
    """What customers and accounts did, by the name of the activity."""
    measures: dict[MeasureName, Measure] = {}
    """Figures of each customer, by the name of the measure."""
    clv: dict[PredictionName, Prediction] = {}
    """Predictions of lifetime value, by name."""
    engagement: Engagement | None = None
    """E-mails and meetings with accounts, from Microsoft 365; without it none are read."""
    segments: dict[SegmentName, Segment] = {}
    """Groups of customers or contacts, by the name of the group."""
    connections: dict[ConnectionName, Connection] = {}
    """Places to which data may go, by name."""
    exports: dict[ExportName, Export] = {}
    """What is sent there, by the name of the export."""
    schedule: ScheduleOrOff = Schedule()
    upkeep: Upkeep = Upkeep()
    alerts: Alerts | None = None
    """Who is told when a run failed; without it nobody."""
    web: Web = Web()
    storage: Storage = Storage()

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, written: Any) -> Any:
        return with_defaults(written)
