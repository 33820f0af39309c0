"""What unification did, in numbers, step by step as its review shows them: one row a figure."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import event_sources, match_rules, record_sources
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES
from cdp_assets.lake import Stage, Table, columns, whole
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.unify.deduplicated_tables import deduplicated
from cdp_assets.unify.fields import unified_fields
from cdp_assets.unify.tables import unified_profiles

UNIFICATION_STATISTICS = Table(
    "unification_statistics",
    grain="one figure of unification: how many of what",
    key=("of", "step", "figure", "subject"),
    columns=columns(
        """
        of      | varchar | customers, accounts or contacts
        step    | varchar | fields, duplicates, matches, evidence, profiles or ids
        figure  | varchar | what is counted
        subject | varchar | of what: a source, a rule, a reason, a size; all: of the whole
        value   | bigint  | how many
        """,
        required=("value",),
    ),
)
ALL = "all"
SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 50), (51, None))
"""The sizes of the groups of a profile that are counted apart, from and to."""


def reads(config: ProjectConfig) -> dict[str, Table]:
    """The tables that figures are counted in."""
    from cdp_assets.identity.registry_tables import CUSTOMER_ID_CHANGES, CUSTOMER_ID_REDIRECTS, CUSTOMER_IDS

    records = [deduplicated(config, source) for source in record_sources(config)]
    ids = (CUSTOMER_IDS, CUSTOMER_ID_REDIRECTS, *([CUSTOMER_ID_CHANGES] if tells_changes(config) else []))
    return {t.name: t for t in (*records, MATCH_EDGES, CLUSTERS, unified_profiles(config), *ids)}


def statement(config: ProjectConfig) -> str:
    """SQL of all figures of the customers, from these tables: step, figure, subject, value."""
    parts = [
        *(_row(step, figure, subject, str(value)) for step, figure, subject, value in fixed(config)),
        *(part for source in record_sources(config) for part in _duplicates(source)),
        *_matches(config),
        *_evidence(),
        *_profiles(),
        *_ids(),
        *(_changes() if tells_changes(config) else ()),
    ]
    return f"{_GROUPED} {' union all '.join(parts)}"


_GROUPED = """
    with groups_found as materialized (
        select cluster_id, min(source) <> max(source) as several, max(records) as records, bool_or(has_profile) as has_profile
        from clusters group by cluster_id
    ),
    ids_found as materialized (
        select customer_id, bool_or(held) as held, bool_or(held and birth = (select max(since) from customer_ids)) as newest
        from customer_ids group by customer_id
    )
"""
"""What several figures are asked of: made once."""


def tells_changes(config: ProjectConfig) -> bool:
    """Whether there is a table that says why ids changed: of customers only, as their ids are those that other systems keep."""
    return config.customers.section == "customers"


def fixed(config: ProjectConfig) -> Iterator[tuple[str, str, str, int]]:
    """Figures that follow from the configuration alone: fields with a semantic type and without, and what becomes of them."""
    for source in config.customers.match_order:
        fields = config.sources[source].fields.values()
        mapped = sum(field.semantic for field in fields)
        yield "fields", "mapped", source, mapped
        yield "fields", "unmapped", source, len(fields) - mapped
    unified = unified_fields(config)
    yield "profiles", "combined fields", ALL, sum(len(field.members) > 1 for field in unified)
    yield "profiles", "individual fields", ALL, sum(len(field.members) == 1 for field in unified)
    yield "profiles", "excluded fields", ALL, len(getattr(config.customers, "exclude", ()))


def stage(parts: Mapping[str, str], tables: Mapping[str, Table]) -> Stage:
    """Write UNIFICATION_STATISTICS from a statement for each of customers, accounts and contacts, and the tables that they read."""
    body = " union all ".join(
        f'select {literal(of)} as "of", step, figure, subject, cast(value as bigint) as value from ({sql})' for of, sql in parts.items()
    )

    def nasty() -> dict[str, pa.Table]:
        return {n: nasty_rows(table.columns) for n, table in tables.items()}

    return Stage(UNIFICATION_STATISTICS.name, dict.fromkeys(tables, whole()), body, UNIFICATION_STATISTICS, nasty=nasty)


def _row(step: str, figure: str, subject: str, value: str, rows: str = "") -> str:
    """One figure, or with a subject that is a column (`:name`) one for each of its values."""
    column = subject.removeprefix(":")
    shown, group = (column, " group by all") if subject.startswith(":") else (literal(subject), "")
    said = f"select {literal(step)} as step, {literal(figure)} as figure, {shown} as subject, {value} as value"
    return f"{said} from {rows}{group}" if rows else said


def _duplicates(source: str) -> Iterator[str]:
    rows = name(f"deduplicated_{source}")
    yield _row("duplicates", "source rows", source, "coalesce(sum(duplicate_rows), 0)", rows)
    yield _row("duplicates", "unique records", source, "count(*) filter (is_winner)", rows)
    yield _row("duplicates", "duplicates", source, "coalesce(sum(duplicate_rows), 0) - count(*) filter (is_winner)", rows)
    yield _row("duplicates", "rows with a repeated key", source, "coalesce(sum(duplicate_rows), 0) - count(*)", rows)
    found = f"(select rule, status from match_edges where kind = 'duplicate' and left_source = {literal(source)})"
    yield _row("duplicates", f"pairs in {source}", ":rule", "count(*) filter (status not in ('refused', 'review'))", found)


def _matches(config: ProjectConfig) -> Iterator[str]:
    yield _row("matches", "groups", ALL, "count(*)", "groups_found")
    yield _row("matches", "groups of several sources", ALL, "count(*) filter (several)", "groups_found")
    matched = "clusters as c join groups_found as g on c.cluster_id = g.cluster_id where g.several"
    yield _row("matches", "records", ":source", "count(*)", "clusters")
    zero = "select source, 0 as matched from clusters"
    yield _row("matches", "matched", ":source", "sum(matched)", f"({zero} union all select c.source, 1 from {matched})")
    by_rule = (
        "(select rule, right_source, right_key, bool_or(status in ('joined', 'redundant')) as used from match_edges "
        "where kind = 'match' and status <> 'review' group by rule, right_source, right_key)"
    )
    rules = {rule.name for rule in match_rules(config)}
    if rules:
        yield _row("matches", "found by rule", ":rule", "count(*)", by_rule)
        yield _row("matches", "matched by rule", ":rule", "count(*) filter (used)", by_rule)
    if event_sources(config):
        yield _row("matches", "known visitors", ALL, "count(*)", "match_edges where kind = 'visitor' and status = 'joined'")


def _evidence() -> Iterator[str]:
    yield _row("evidence", "pairs", ":status", "count(*)", "match_edges")
    yield _row(
        "evidence",
        "refused",
        ":reason",
        "count(*)",
        "(select coalesce(reason, 'no reason') as reason from match_edges where status = 'refused')",
    )


def _profiles() -> Iterator[str]:
    yield _row("profiles", "profiles", ALL, "count(*)", "unified_profiles")
    for least, most in SIZES:
        label = str(least) if least == most else f"{least} to {most}" if most else f"{least} and more"
        limit = f" and records <= {most}" if most else ""
        yield _row("profiles", "groups of so many", label, f"count(*) filter (has_profile and records >= {least}{limit})", "groups_found")
    yield _row("profiles", "groups left out", ALL, "count(*) filter (not has_profile)", "groups_found")


def _ids() -> Iterator[str]:
    yield _row("ids", "held", ALL, "count(*) filter (held)", "ids_found")
    yield _row("ids", "given in the newest registry", ALL, "count(*) filter (newest)", "ids_found")
    yield _row("ids", "led to another", ALL, "count(*) filter (surviving_customer_id is not null)", "customer_id_redirects")
    yield _row("ids", "without a survivor", ALL, "count(*) filter (surviving_customer_id is null)", "customer_id_redirects")


def _changes() -> Iterator[str]:
    yield _row("ids", "changes of a record's id since the first run", ":cause", "count(*)", "customer_id_changes")
