"""`cdp demo`: the demo world, refreshed, with its quality against the truth and the addresses to open."""

import json
import math
from dataclasses import asdict
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli import refresh
from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.demo import DemoSummary, Quality

END = date(2026, 11, 20)
PEOPLE, FEWEST, FACTOR_ONE = 300, 160, 1000


def demo(
    context: typer.Context,
    people: Annotated[
        int | None, typer.Option(help=f"How many people live in the demo world (without a number: {PEOPLE}).", min=FEWEST)
    ] = None,
    factor: Annotated[
        float | None, typer.Option(help=f"The size as a factor instead: 1 is {FACTOR_ONE:,} people, 100 are {100 * FACTOR_ONE:,}.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another world (without a number: 7).")] = None,
    end: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=f"The last of the three years of the world (without a day: {END}).")
    ] = None,
    day_two: Annotated[
        bool, typer.Option("--day-two", help="Bring the next day's delivery to the demo world that is there, and refresh for that day.")
    ] = False,
) -> None:
    """Generate the demo world, refresh everything, and print a summary. The last line is JSON."""
    from cdp_assets.demo import generate, generate_day_two

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "generate the demo")
    if day_two:
        _refuse_with_day_two(people=people, factor=factor, seed=seed, end=end)
        world = generate_day_two(project.folder)
    else:
        world = generate(project.folder, people=_people(people, factor), seed=7 if seed is None else seed, end=end.date() if end else END)
    for line in _made(project, world):
        typer.echo(line)
    for line in agree(project, obj.user):
        typer.echo(line)
    summary = refresh.run(project, obj.user, world.day, wait=False)
    refresh.show(summary, project)
    quality = _quality(project) if summary.ok else None
    if quality:
        typer.echo(
            f"Against the demo's truth: {quality.right_pairs:,} of {quality.true_pairs:,} true pairs found, "
            f"{quality.found_pairs - quality.right_pairs:,} wrong (precision {quality.precision:.4f}, recall {quality.recall:.4f})."
        )
    typer.echo("")
    web = f"http://{project.config.web.host}:{project.config.web.port}"
    typer.echo(f"Open:  make web   {web}   search and customers' cards")
    for what, customer in _examples(project):
        typer.echo(f"                  {web}/customers/{customer}   {what}")
    typer.echo("       make dev   http://127.0.0.1:3000   Dagster's UI: lineage, runs, backfills, schedule, sensor")
    figures: dict[str, Any] = asdict(summary)
    if quality:
        figures["quality"] = {"precision": round(quality.precision, 4), "recall": round(quality.recall, 4), "f1": round(quality.f1, 4)}
    typer.echo(json.dumps(figures, sort_keys=True))
    raise typer.Exit(0 if summary.ok else 1)


def _people(people: int | None, factor: float | None) -> int:
    """The number of people that was asked for. Raises UserError where two were, or too few."""
    if factor is None:
        return PEOPLE if people is None else people
    if people is not None:
        raise UserError("--people and --factor both say how large the demo is. Leave one of them out.")
    if not math.isfinite(factor):
        raise UserError(f"A factor of {factor} is no size. Give a number, such as 1 for {FACTOR_ONE:,} people.")
    many = round(factor * FACTOR_ONE)
    if many < FEWEST:
        raise UserError(
            f"A factor of {factor:g} makes {many:,} people; the demo needs {FEWEST} (a factor of {FEWEST / FACTOR_ONE:g}) at least."
        )
    return many


def _refuse_with_day_two(**options: object) -> None:
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise UserError(f"--day-two goes on with the demo world that is there, so {' and '.join(given)} cannot be chosen. Leave it out.")


def _made(project: Project, world: "DemoSummary") -> list[str]:
    """What was made, for people: one line for the world, and the rows of each source."""
    files, rows = len(world.rows), sum(world.rows.values())
    lines = [f"Demo world in {project.folder} on {world.day}: {world.people:,} people, {rows:,} rows in {files:,} files."]
    sources: dict[str, int] = {}
    for file, count in world.rows.items():
        name = str(PurePosixPath(file).parent if file.startswith("sources/web/") else file)
        sources[name] = sources.get(name, 0) + count
    lines += [f"  {name:<32} {count:>12,} rows" for name, count in sources.items()]
    lines.append(f"  {sum(world.broken.values()):,} rows cannot be read or came before; {world.late_events:,} web events came late.")
    lines.append("  The truth of it is in truth/, which no refresh reads.")
    if world.changes:
        lines.append("The delivery of this day: " + ", ".join(f"{what} {count:,}" for what, count in world.changes.items()) + ".")
    return lines


def agree(project: Project, user: str) -> list[str]:
    """What an administrator has to agree to, agreed to for the demo: once, and said so."""
    from cdp_assets.engagement import consent
    from cdp_assets.exports import confirm, confirmation
    from cdp_assets.governance import decide, latest, role_of
    from cdp_assets.lake import Place

    settings, place, lines = project.config.engagement, Place(project.store), []
    role = role_of(project, user)
    if role is None or role < Role.administrator:
        return ["Consents are left to an administrator: `cdp consent engagement`, `cdp connection confirm NAME`."]
    if settings is not None:
        given = latest(place, consent.KIND, consent.subject(settings))
        if given is None or not given.given(consent.content(settings)):
            decide(
                place, user=user, kind=consent.KIND, subject=consent.subject(settings), verdict="given", content=consent.content(settings)
            )
            lines.append("Agreed for the demo, as its administrator: reading mail and meetings from the stand-in.")
    for name in project.config.connections:
        if confirmation(project, name) != "confirmed":
            confirm(project, user, name)
            lines.append(f"Agreed for the demo, as its administrator: sending data over the connection {name}.")
    return lines


def _examples(project: Project) -> list[tuple[str, str]]:
    """A customer of each kind, to look at first."""
    from cdp_assets.clv.tables import CLV_SCORES
    from cdp_assets.contacts.tables import contact_profiles
    from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT
    from cdp_assets.lake import Place, session
    from cdp_assets.unify.tables import unified_profiles

    place, config = Place(project.store), project.config
    profiles = place.newest(unified_profiles(config)).sql
    told = "select null as customer_id"
    if config.contacts and config.engagement and config.clv:
        contacts, engaged = place.newest(contact_profiles(config)).sql, place.newest(ACCOUNT_ENGAGEMENT).sql
        told = f"""
            select customer_id from ({contacts}) join (select account_id from ({engaged})) using (account_id)
            join ({place.newest(CLV_SCORES).sql}) using (customer_id) where high_value
        """
    sql = f"""
        select 'a customer with value, account and visitor ids', min(customer_id)
        from ({profiles}) where visitors > 0 and customer_id in ({told})
        union all select 'a known customer with visitor ids', min(customer_id) from ({profiles}) where known and visitors > 1
        union all select 'a visitor who is not known yet', min(customer_id) from ({profiles}) where not known
    """
    with session() as connection:
        return [(what, customer) for what, customer in connection.execute(sql).fetchall() if customer]


def _quality(project: Project) -> "Quality":
    """Precision and recall of record pairs against the truth that lies beside the demo's sources."""
    from cdp_assets.demo import score
    from cdp_assets.lake import Place, session
    from cdp_assets.unify.tables import ALTERNATE_KEYS

    with session() as connection:
        source = Place(project.store).newest(ALTERNATE_KEYS)
        found = connection.sql(f"select source, record_key as key, customer_id from ({source.sql}) where kind = 'record'").to_arrow_table()
    return score(project.folder / "truth" / "records.parquet", found)
