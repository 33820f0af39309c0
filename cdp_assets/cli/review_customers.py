"""`cdp review customers` and `cdp review accounts`: what unification will do, what it did last, and the difference to the run before."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cdp_assets.cli.console import plain_console
from cdp_assets.cli.context import Context
from cdp_assets.cli.entities import Of, config_of
from cdp_assets.config import Project, ProjectConfig, Role
from cdp_assets.errors import UserError
from cdp_assets.governance import masked, record, require

Rule = Annotated[
    str | None,
    typer.Option(
        "--rule",
        help="Only this rule: its matches, the weakest pairs, and those that wait for people. One with active: false is tried.",
    ),
]
Out = Annotated[Path | None, typer.Option("--out", help="With --rule: write all of its pairs to this CSV file. A contributor may.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Key = tuple[str, str, str]
CHANGES = "changes of a record's id since the first run"
LEFT_OUT = "groups left out"
_TO_DECIDE = ", for people to decide: --rule NAME lists those of a rule"
NONE = "--"
"""What stands in the place of a figure before the first refresh."""


def review_customers(context: typer.Context, rule: Rule = None, out: Out = None, as_json: AsJson = False) -> None:
    """Show how customers are unified, step by step, in numbers, with the difference to the run before."""
    _review(context, "customers", rule, out, as_json=as_json)


def review_accounts(context: typer.Context, rule: Rule = None, out: Out = None, as_json: AsJson = False) -> None:
    """Show how accounts are unified, step by step, in numbers, with the difference to the run before."""
    _review(context, "accounts", rule, out, as_json=as_json)


@dataclass(frozen=True)
class Figures:
    """The figures of the last run, and those of the run before (None: there is none)."""

    now: Mapping[Key, int] | None
    before: Mapping[Key, int] | None

    def text(self, step: str, figure: str, subject: str = "all") -> str:
        """A figure with its difference to the run before."""
        key = (step, figure, subject)
        if self.now is None:
            return NONE
        value = self.now.get(key, 0)
        change = value - self.before.get(key, 0) if self.before is not None else 0
        return f"{value:,}" + (f" ({change:+,})" if change else "")

    def number(self, step: str, figure: str, subject: str = "all") -> int:
        """A figure; 0 where there is none."""
        return (self.now or {}).get((step, figure, subject), 0)

    def pairs(self, step: str, figure: str, subject: str) -> str:
        """A number of pairs in words."""
        return f"{self.text(step, figure, subject)} {'pair' if self.number(step, figure, subject) == 1 else 'pairs'}"

    def total(self, step: str, figure: str) -> str:
        """A figure over all subjects, with its difference."""
        if self.now is None:
            return NONE
        sums = [sum(v for (s, f, _), v in (each or {}).items() if (s, f) == (step, figure)) for each in (self.now, self.before)]
        change = sums[0] - sums[1] if self.before is not None else 0
        return f"{sums[0]:,}" + (f" ({change:+,})" if change else "")

    def subjects(self, step: str, figure: str) -> list[str]:
        """Of what there is such a figure, the greatest first, with those that were there before only."""
        found: dict[str, int] = defaultdict(int)
        for each in (self.before or {}, self.now or {}):
            for (its, name, subject), value in each.items():
                if (its, name) == (step, figure):
                    found[subject] = value
        return sorted(found, key=lambda subject: (-found[subject], subject))


def figures(project: Project, of: Of) -> Figures:
    """What UNIFICATION_STATISTICS says now and said before the last run; a run that changed nothing has no difference."""
    from cdp_assets.lake import Place, no_values_in_errors, session
    from cdp_assets.lake import delta as log
    from cdp_assets.lake.run import source_of
    from cdp_assets.unify.statistics import UNIFICATION_STATISTICS as TABLE

    place = Place(project.store)
    newest = place.newest(TABLE)
    if newest.version is None:
        return Figures(None, None)
    entry = place.ledger.read(TABLE.name)
    changed = entry is None or log.commit_metadata(place.lake / TABLE.name, newest.version).get("run") == entry.run
    versions = [newest.version, newest.version - 1 if changed else newest.version]

    def rows(version: int) -> dict[Key, int]:
        sql = source_of(place.lake / TABLE.name, TABLE, version).sql
        found = connection.execute(f'select step, figure, subject, value from ({sql}) where "of" = $of', {"of": of}).fetchall()
        return {(row[0], row[1], row[2]): row[3] for row in found}

    with no_values_in_errors(TABLE.name), session() as connection:
        return Figures(rows(versions[0]), rows(versions[1]) if versions[1] >= 0 else None)


def parts(config: ProjectConfig, its: Figures) -> Iterator[tuple[str, list[str]]]:
    """The steps of the review, each with its lines."""
    section, order = config.customers, config.customers.match_order
    yield (
        "Source fields",
        [
            f"{source}: {its.text('fields', 'mapped', source)} mapped, {its.text('fields', 'unmapped', source)} without a semantic type"
            for source in order
        ],
    )
    records = [source for source in order if config.sources[source].kind == "records"]
    lines = [f"{its.total('duplicates', 'duplicates')} duplicates"]
    for source in records:
        made = its.number("duplicates", "source rows", source)
        share = f", {its.number('duplicates', 'duplicates', source) / made * 100:.1f} % deduplicated" if made else ""
        lines.append(
            f"{source}: {its.text('duplicates', 'source rows', source)} rows, {its.text('duplicates', 'unique records', source)} unique"
            f"{share}; {its.text('duplicates', 'rows with a repeated key', source)} rows repeat a key"
        )
        pairs = f"pairs in {source}"
        lines += [f"  {rule}: {its.pairs('duplicates', pairs, rule)}" for rule in its.subjects("duplicates", pairs)]
    yield "Duplicate records", lines
    if len(order) > 1:
        yield "Matching", list(_matching(config, its))
    yield (
        "Evidence",
        [
            *(
                f"{status}: {its.pairs('evidence', 'pairs', status)}{_TO_DECIDE if status == 'review' else ''}"
                for status in its.subjects("evidence", "pairs")
            ),
            *(f"  refused, {reason}: {its.text('evidence', 'refused', reason)}" for reason in its.subjects("evidence", "refused")),
        ]
        or [NONE],
    )
    fields = ", ".join(f"{its.text('profiles', f'{kind} fields')} {kind}" for kind in ("combined", "individual", "excluded"))
    sizes = [each for each in its.subjects("profiles", "groups of so many") if its.number("profiles", "groups of so many", each)]
    yield (
        "Unified fields",
        [
            f"{its.text('profiles', 'profiles')} {section.section}",
            f"fields: {fields}",
            *(
                f"{its.text('profiles', 'groups of so many', each)} made of {each} record{'s' * (each != '1')}"
                for each in sorted(sizes, key=_first)
            ),
            *_left_out(its),
        ],
    )
    yield (
        "Ids",
        [
            f"{its.text('ids', 'held')} held, {its.text('ids', 'given in the newest registry')} of them new in its last change",
            f"{its.text('ids', 'led to another')} lead to another, {its.text('ids', 'without a survivor')} have none that survived",
            *changed_ids(its),
        ],
    )


def _left_out(its: Figures) -> Iterator[str]:
    """Groups that became no profile, if there are any or were before."""
    if (said := its.text("profiles", LEFT_OUT)) not in ("0", NONE):
        yield f"groups left out, because nothing matches them and their source has include_all_records: false: {said}"


def changed_ids(its: Figures) -> list[str]:
    """How often the id of a record changed since the first run, by cause; the difference is what the last run changed."""
    return [f"  {cause}: {its.text('ids', CHANGES, cause)} changes of a record's id" for cause in its.subjects("ids", CHANGES)]


def _first(size: str) -> int:
    return int(size.split(maxsplit=1)[0])


def _matching(config: ProjectConfig, its: Figures) -> Iterator[str]:
    yield f"{its.total('duplicates', 'unique records')} unique source records"
    yield f"{its.text('matches', 'groups')} matched and non-matched records"
    yield f"{its.text('matches', 'groups of several sources')} matched records only"
    for source in config.customers.match_order:
        made = its.number("matches", "records", source)
        share = f", {its.number('matches', 'matched', source) / made * 100:.1f} %" if made else ""
        yield f"{source}: {its.text('matches', 'matched', source)} of {its.text('matches', 'records', source)} matched{share}"
    for rule in config.customers.match:
        found = its.number("matches", "found by rule", rule.name)
        right = its.number("matches", "records", rule.right)
        matched = its.number("matches", "matched by rule", rule.name)
        share = f", {matched / right * 100:.1f} % of {rule.right}" if right and found else ""
        off = "" if rule.active else " (switched off; --rule NAME tries it)"
        yield f"  {rule.name}{off}: {its.text('matches', 'matched by rule', rule.name)} matched{share}"


def _review(context: typer.Context, of: Of, rule: str | None, out: Path | None, *, as_json: bool) -> None:
    from cdp_assets.cli.review_rule import preview, print_preview

    obj: Context = context.obj
    project = obj.load()
    role = require(project, obj.user, Role.viewer, f"review {of}")
    config = config_of(project, of)
    if out is not None:
        _download(obj, project, of, rule, out)
        return
    if rule is not None:
        told = preview(project, of, rule, masked if role < Role.contributor else None)
        from cdp_assets.lake import Place

        record(Place(project.store), user=obj.user, action=f"review {of}", subject="a rule", outcome="done", role=role.name, detail=rule)
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            print_preview(told, plain_console())
        return
    its = figures(project, of)
    if as_json:
        typer.echo(json.dumps(_as_json(its), ensure_ascii=False))
        return
    _print(project, of, config, its)


def _download(obj: Context, project: Project, of: Of, rule: str | None, file: Path) -> None:
    from cdp_assets.cli.review_rule import download
    from cdp_assets.lake import Place

    if rule is None:
        raise UserError("--out writes the pairs of one rule: name it with --rule.")
    role = require(project, obj.user, Role.contributor, f"review {of}", "the pairs of a rule")
    pairs, subject = download(project, of, rule, file), "the pairs of a rule"
    record(Place(project.store), user=obj.user, action=f"review {of}", subject=subject, outcome="done", role=role.name, detail=rule)
    typer.echo(f"{pairs:,} {'pair' if pairs == 1 else 'pairs'} written to {file}; the keys of records may be personal data.")


def _as_json(its: Figures) -> list[dict[str, Any]]:
    keys = sorted({*(its.now or {}), *(its.before or {})})
    return [
        {
            "step": step,
            "figure": figure,
            "subject": subject,
            "value": (its.now or {}).get((step, figure, subject), 0),
            "before": its.before.get((step, figure, subject), 0) if its.before is not None else None,
        }
        for step, figure, subject in keys
    ]


def _print(project: Project, of: Of, config: ProjectConfig, its: Figures) -> None:
    from rich.table import Table as Grid

    console = plain_console()
    grid = Grid(title=of.capitalize(), title_justify="left", show_lines=True)
    for column in ("step", "what came of it"):
        grid.add_column(column)
    for number, (step, lines) in enumerate(parts(config, its), start=1):
        grid.add_row(f"{number} {step}", "\n".join(lines))
    console.print(grid)
    if its.now is None:
        line = "Nothing has been unified yet: `cdp refresh` does it. Until then there are no figures."
    elif its.before is None:
        line = "This is the first version of these figures; the next run that changes any shows the difference, as (+3)."
    elif its.now == its.before:
        line = "The last run changed none of these figures."
    else:
        line = "In brackets: the difference to the run before."
    console.print(line)
    console.print(f"To change it: {of} in {project.file}. One rule: --rule NAME. Two records: `cdp why`.")
