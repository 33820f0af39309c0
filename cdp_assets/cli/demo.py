"""`cdp demo`: the demo world, refreshed, with its quality against the truth and the addresses to open."""

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli import refresh
from cdp_assets.cli.context import Context
from cdp_assets.config import Project, Role
from cdp_assets.governance import require

if TYPE_CHECKING:
    from cdp_assets.demo import Quality

END = date(2026, 11, 20)


def demo(
    context: typer.Context,
    people: Annotated[int, typer.Option(help="How many people live in the demo world.", min=160)] = 300,
    seed: Annotated[int, typer.Option(help="Another seed, another world.")] = 7,
    end: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day of web events.")] = datetime(2026, 11, 20),  # noqa: DTZ001
) -> None:
    """Generate the demo world, refresh everything, and print a summary. The last line is JSON."""
    from cdp_assets.demo import generate

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "generate the demo")
    world = generate(project.folder, people=people, seed=seed, end=end.date())
    typer.echo(f"Demo world in {project.folder}: {people:,} people, {sum(world.rows.values()):,} rows in {len(world.rows)} files.")
    for line in _agree(project, obj.user):
        typer.echo(line)
    summary = refresh.run(project, obj.user, end.date(), wait=False)
    refresh.show(summary)
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


def _agree(project: Project, user: str) -> list[str]:
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
