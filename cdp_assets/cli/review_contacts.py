"""`cdp review contacts`: the seven steps from sources to contacts with their settings and counts, and what changed last."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from cdp_assets.cli.console import plain_console
from cdp_assets.cli.context import Context
from cdp_assets.cli.review_customers import Figures, figures
from cdp_assets.config import Project, ProjectConfig, Role
from cdp_assets.config.contacts import MOST_ATTRIBUTES, NAMED_ATTRIBUTES, Contacts
from cdp_assets.errors import UserError
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.lake import Table

HINT = "Add the sections accounts and contacts to cdp.yaml: contacts says which sources hold contacts and how they find their account."


@dataclass(frozen=True)
class Reviewed:
    """One of the seven steps: what is set, and what came of it in the newest versions."""

    step: str
    setting: str
    counts: str


def review_contacts(context: typer.Context) -> None:
    """Show how contacts are made, step by step, and what changed since the version before. Needs the role contributor."""
    from rich.table import Table as Grid

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "review contacts")
    console = plain_console()
    grid = Grid(title="Contacts", title_justify="left", show_lines=True)
    for column in ("step", "setting", "counts"):
        grid.add_column(column)
    for number, row in enumerate(review(project), start=1):
        grid.add_row(f"{number} {row.step}", row.setting, row.counts)
    console.print(grid)
    for line in changes(project):
        console.print(line)


def review(project: Project) -> list[Reviewed]:
    """The seven steps, the counts of the first four with their difference to the run before; no values of anybody.

    UserError where the project has no contacts.
    """
    contacts = _section(project.config)
    counted, its = _Lake(project), figures(project, "contacts")
    named = [name for name in NAMED_ATTRIBUTES if name in contacts.attributes or name == "contact_id"]
    linked = [source for source in contacts.match_order if source in contacts.relationships]
    return [
        Reviewed(
            "Source fields",
            _lines(_fields(project.config, s) for s in contacts.match_order),
            _lines(f"{s}: {its.text('duplicates', 'source rows', s)} records" for s in contacts.match_order),
        ),
        Reviewed(
            "Duplicate records",
            _lines(f"{s}: {_rules(project, s)}" for s in contacts.match_order),
            _lines(f"{s}: {its.text('duplicates', 'duplicates', s)} duplicates" for s in contacts.match_order),
        ),
        Reviewed(
            "Matching conditions",
            _lines(f"{rule.name}: {rule.left} and {rule.right}" for rule in contacts.match) or "no rules: one source",
            f"{its.total('matches', 'matched by rule')} matched",
        ),
        Reviewed(
            "Unified fields",
            f"{len(_unified(project))} fields",
            f"{its.text('profiles', 'profiles')} contacts\n{_ids(its)}",
        ),
        Reviewed(
            "Semantic fields",
            _lines(f"{name}: {field}" for name, field in contacts.attributes.items()) or "none",
            f"{len(named)}/{len(NAMED_ATTRIBUTES)} named fields mapped (contact_id is preset)\n"
            f"{len(contacts.attributes)}/{MOST_ATTRIBUTES} attributes",
        ),
        Reviewed(
            "Relationships",
            _lines(f"{s}.{contacts.relationships[s].foreign_key}: {contacts.relationships[s].account}" for s in linked),
            f"{len(linked)}/{len(contacts.match_order)} relationships\n"
            + counted.text("contact_account_links", "count(*)", "contacts linked"),
        ),
        Reviewed("Review", "contacts with an account become contact profiles", _result(counted)),
    ]


def changes(project: Project) -> list[str]:
    """What the newest version of the contact profiles has that the one before had not, and the other way round."""
    from cdp_assets.lake import no_values_in_errors, session
    from cdp_assets.lake.run import source_of

    _section(project.config)
    lake = _Lake(project)
    table = lake.table("contact_profiles")
    newest = lake.place.newest(table)
    if newest.version is None:
        return ["No contacts have been made yet: `cdp refresh` makes them."]
    if newest.version == 0:
        return ["Changes: this is the first version of the contact profiles; all of them are new."]
    with no_values_in_errors(table.name), session() as connection:
        before = source_of(lake.place.lake / table.name, table, newest.version - 1)
        sql = f"""
            select count(*) filter (b.contact_id is null), count(*) filter (n.contact_id is null),
                count(*) filter (b.account_id <> n.account_id)
            from ({newest.sql}) as n full join ({before.sql}) as b on n.contact_id = b.contact_id
        """
        new, gone, moved = connection.execute(sql).fetchall()[0]
    span = f"version {newest.version} against {newest.version - 1}"
    return [f"Changes ({span}): {new:,} new, {gone:,} gone, {moved:,} with another account."]


class _Lake:
    """Counts of the newest versions of the project's tables."""

    def __init__(self, project: Project) -> None:
        from cdp_assets.contacts.assets import steps
        from cdp_assets.lake import Place

        self.place = Place(project.store)
        self.tables: Mapping[str, Table] = {step.table.name: step.table for step in steps(project)}

    def table(self, name: str) -> "Table":
        return self.tables[name]

    def rows(self, name: str, select: str) -> list[tuple[object, ...]]:
        from cdp_assets.lake import no_values_in_errors, session

        with no_values_in_errors(name), session() as connection:
            return connection.execute(f"select {select} from ({self.place.newest(self.table(name)).sql})").fetchall()

    def text(self, name: str, count: str, what: str) -> str:
        """A count with what it counts; a dash where the table has not been made."""
        made = self.place.newest(self.table(name)).version is not None
        return f"{self.rows(name, count)[0][0]:,} {what}" if made else f"- {what}"


def _section(config: ProjectConfig) -> Contacts:
    if config.contacts is None:
        raise UserError(f"This project has no contacts. {HINT}")
    return config.contacts


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _ids(its: Figures) -> str:
    return f"{its.text('ids', 'held')} ids held, {its.text('ids', 'led to another')} lead to another"


def _fields(config: ProjectConfig, source: str) -> str:
    return f"{source}: {len(config.sources[source].fields)} fields"


def _rules(project: Project, source: str) -> str:
    from cdp_assets.contacts.entity import CONTACTS, view
    from cdp_assets.identity.rules import dedupe_rules

    rules = dedupe_rules(view(project, CONTACTS).config, source)
    return ", ".join(rule.name for rule in rules) or "same primary key"


def _unified(project: Project) -> list[str]:
    from cdp_assets.config.unified import unified_fields

    view = project.config.model_copy(update={"customers": project.config.contacts})
    return [field.name for field in unified_fields(view)]


def _result(lake: _Lake) -> str:
    return _lines(_results(lake))


def _results(lake: _Lake) -> Iterator[str]:
    from cdp_assets.contacts.tables import REASONS

    yield lake.text("contact_profiles", "count(*)", "contact profiles")
    yield lake.text("account_profiles", "count(*)", "accounts")
    yield lake.text("contact_quarantine", "count(*)", "records in quarantine")
    for reason in REASONS:
        yield "  " + lake.text("contact_quarantine", f"count(*) filter (reason = '{reason}')", reason)
