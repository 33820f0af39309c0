"""Consents: whose each statement is, and what follows from all statements of a customer.

Whose: a statement names identifiers (an e-mail address, a telephone number, a key of another source). It is a statement of
every customer with a record, winner or duplicate, that has this value; so a value of several customers speaks for all.

What follows: of each source and identifier the newest statement on a purpose stands, at the same time the refusal. Among
what stands for a customer the most restrictive counts: one refusal is enough. A consent that is dated after the day of
the run does not count before its day; a refusal so dated counts at once, because it is the side on which an error is safe.

What cannot be read, or is missing, errs on that side too. An answer that cannot be read is a refusal. A refusal whose time
cannot be read stands always: nobody knows that a dated consent came after it, so only its correction in the source ends it.
A consent whose time cannot be read counts for nothing: it gives no consent, and takes no refusal back.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from cdp_assets.config import TYPES, ConsentsSource, ProjectConfig
from cdp_assets.governance.tables import CONSENT_STATEMENTS, CONSENTS
from cdp_assets.identity import record_sources
from cdp_assets.lake import AS_OF, Check, Column, Stage, anyhow, by, everywhere, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.lake.source import name as quoted
from cdp_assets.lake.table import columns
from cdp_assets.unify.tables import ALTERNATE_KEYS

# No source has a space in its name: a table of a source is never taken for one of these.
_IDENTIFIED = intermediate(
    "people identified",
    """
    identifier | varchar | what the value is
    value      | varchar | as it is compared
    source     | varchar | of the record that has it
    record_key | varchar | of the record that has it
    """,
)
_HOLDERS = intermediate(
    "holders of values",
    """
    identifier  | varchar | what the value is
    value       | varchar | as it is compared
    customer_id | varchar | who has it, once for each record
    """,
)
_STATEMENT = """
    source      | varchar   | of the statement
    source_file | varchar   | its file
    source_line | bigint    | its line
    identifier  | varchar   | what the value is
    value       | varchar   | as it is compared
    purpose     | varchar   | what for
    given       | boolean   | yes or no; null: cannot be read
    at          | timestamp | when; null: cannot be read"""
_STATED = intermediate("stated", _STATEMENT)
_FOUND = intermediate("found", f"{_STATEMENT}\n    customer_id | varchar | who has the value; null: nobody")

_FORMS = {
    "identity.email": "lower(trim(cast(:value as varchar)))",
    "identity.phone": "regexp_replace(cast(:value as varchar), '[^0-9+]', '', 'g')",
}
_AS_IT_IS = "trim(cast(:value as varchar))"

_HOLDERS_SQL = """
    select i.identifier, i.value, k.customer_id
    from "people identified" as i
    join alternate_keys as k on k.source = i.source and k.record_key = i.record_key
    where k.kind = 'record' and i.value <> ''
"""

_FOUND_SQL = """
    select distinct
        s.source, s.source_file, s.source_line, s.identifier, s.value, s.purpose, s.given, s."at", h.customer_id
    from stated as s
    left join "holders of values" as h on h.identifier = s.identifier and h.value = s.value
"""

AS_WRITTEN = "as written"
NO_ANSWER = "answer not readable: counts as a refusal"
NO_TIME_TO_REFUSE = "time not readable: a refusal that stands always"
NO_TIME_TO_CONSENT = "time not readable: a consent that does not count"
NEITHER = "answer and time not readable: counts as a refusal that stands always"

_STATEMENTS_SQL = f"""
    select
        source, source_file, source_line,
        row_number() over (
            partition by source, source_file, source_line order by identifier, value, customer_id nulls last
        ) as nth,
        identifier, value, customer_id, purpose, coalesce(given, false) as given, "at",
        case
            when given is null and "at" is null then '{NEITHER}'
            when given is null then '{NO_ANSWER}'
            when "at" is not null then '{AS_WRITTEN}'
            when given then '{NO_TIME_TO_CONSENT}'
            else '{NO_TIME_TO_REFUSE}'
        end as reading
    from found
"""

_COUNTING = """
    select s.*
    from consent_statements as s
    cross join _as_of as d
    where s.customer_id is not null and (not s.given or cast(s."at" as date) <= d.day)
"""

_CONSENTS_SQL = f"""
    select
        customer_id, purpose, bool_and(given) as given,
        case when bool_and(given) then max("at") else max("at") filter (where not given) end as "at",
        count(*) as statements,
        bool_and(given) <> bool_or(given) as contradicted
    from (
        select customer_id, purpose, given, "at"
        from ({_COUNTING}) as counting
        qualify row_number() over (
            partition by customer_id, purpose, source, identifier, value order by "at" desc nulls first, given, source_file, source_line
        ) = 1
    ) as standing
    group by customer_id, purpose
"""


def consent_sources(config: ProjectConfig) -> dict[str, ConsentsSource]:
    """The sources of consents by name, in the order of the configuration."""
    return {name: source for name, source in config.sources.items() if isinstance(source, ConsentsSource)}


def identifying_fields(config: ProjectConfig) -> dict[str, dict[str, list[str]]]:
    """Source of records -> identifier that statements use -> its fields with such values."""
    wanted = dict.fromkeys(target for source in consent_sources(config).values() for target in source.person.values())
    found: dict[str, dict[str, list[str]]] = {}
    for source in record_sources(config):
        fields = config.sources[source].fields
        of_type = {target: [field for field, its in fields.items() if its.type == target] for target in wanted if target in TYPES}
        named = {target: [target.partition(".")[2]] for target in wanted if target not in TYPES and target.partition(".")[0] == source}
        found[source] = {target: names for target, names in (of_type | named).items() if names}
    return {source: targets for source, targets in found.items() if targets}


def statement_stages(config: ProjectConfig) -> list[Stage]:
    """All statements with the customers whose they are; the last stage writes CONSENT_STATEMENTS.

    Reads the table of each source of consents, `deduplicated_<source>` of each source of records with identifiers that
    they use, and `alternate_keys`.
    """
    record, value, row = by("source", "record_key"), by("identifier", "value"), by("source", "source_file", "source_line")
    return [
        _identified(config),
        Stage(_HOLDERS.name, {_IDENTIFIED.name: record, "alternate_keys": record}, _HOLDERS_SQL, _HOLDERS, nasty=_nasty_holders),
        _stated(config),
        Stage("found", {"stated": value, _HOLDERS.name: value}, _FOUND_SQL, _FOUND, nasty=_nasty_found),
        Stage("consent_statements", {"found": row}, _STATEMENTS_SQL, CONSENT_STATEMENTS, nasty=_nasty_statements),
    ]


def statement_checks(config: ProjectConfig) -> list[Check]:
    """No statement of a source is lost or made up, whether its customer is found or not."""
    lines = " union all ".join(
        f"select {exp.Literal.string(name).sql(dialect='duckdb')} as source, source_file, source_line from {quoted(name)}"
        for name in consent_sources(config)
    )
    sql = f"""
        select count(*)
        from ({lines}) as r
        full join (select distinct source, source_file, source_line from consent_statements) as s
            on s.source = r.source and s.source_file = r.source_file and s.source_line = r.source_line
        where r.source is null or s.source is null
    """
    return [Check("conservation", "every row of a source of consents is a statement, and no other is", sql)]


def consent_stages() -> list[Stage]:
    """What counts for each customer and purpose, from `consent_statements` and the day of the run; writes CONSENTS."""
    reads = {"consent_statements": by("customer_id", "purpose", nulls="drop"), AS_OF.name: everywhere()}
    return [Stage("consents", reads, _CONSENTS_SQL, CONSENTS, nasty=_nasty_consents)]


def consent_checks() -> list[Check]:
    """Whoever has said something that counts has a row, and no refusal that stands is passed over."""
    both = "customer_id, purpose"
    return [
        Check(
            "conservation",
            "customers and purposes with a statement that counts = rows",
            f"select abs((select count(*) from (select distinct {both} from ({_COUNTING}))) - (select count(*) from consents))",
        ),
        Check(
            "refusals_count",
            "no consent is given where a refusal stands that the same source and identifier did not take back",
            f"""
            with counting as ({_COUNTING})
            select count(*)
            from consents as c
            join counting as r on r.customer_id = c.customer_id and r.purpose = c.purpose and not r.given
            where c.given and not exists (
                from counting as g
                where g.customer_id = r.customer_id and g.purpose = r.purpose and g.source = r.source
                    and g.identifier = r.identifier and g.value = r.value and g.given and g."at" > r."at"
            )
            """,
        ),
    ]


def _form(identifier: str, config: ProjectConfig, column: str) -> exp.Expr:
    """A value as it is compared. A named field is compared as its own type asks for."""
    source, _, field = identifier.partition(".")
    kind = identifier if identifier in TYPES else config.sources[source].fields[field].type
    tree = sqlglot.parse_one(_FORMS.get(kind, _AS_IT_IS), dialect="duckdb")
    return exp.replace_placeholders(tree, value=exp.column(column, quoted=True))


def _union(selects: list[exp.Select]) -> exp.Query:
    return exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]


def _identified(config: ProjectConfig) -> Stage:
    """The identifiers of all records."""
    fields = identifying_fields(config)
    selects = [
        exp.select(
            exp.Literal.string(identifier).as_("identifier"), _form(identifier, config, field).as_("value"),
            exp.Literal.string(source).as_("source"), "record_key",
        ).from_(exp.to_table(f"deduplicated_{source}", quoted=True)).where(exp.column(field, quoted=True).is_(exp.null()).not_())
        for source, targets in fields.items()
        for identifier, names in targets.items()
        for field in names
    ]  # fmt: skip
    needed = {
        f"deduplicated_{source}": [
            Column("record_key", "varchar", "key"),
            *(
                Column(field, config.sources[source].fields[field].data_type, "identifier")
                for field in dict.fromkeys(field for names in targets.values() for field in names)
                if field != "record_key"
            ),
        ]
        for source, targets in fields.items()
    }
    return Stage(
        _IDENTIFIED.name,
        dict.fromkeys(needed, anyhow()),
        _union(selects),
        _IDENTIFIED,
        nasty=lambda: {table: nasty_rows(its, {"record_key": keys()}) for table, its in needed.items()},
    )


def _stated(config: ProjectConfig) -> Stage:
    """The statements, once for each identifier that they name."""
    sources = consent_sources(config)
    selects = [
        exp.select(
            exp.Literal.string(name).as_("source"), "source_file", "source_line",
            exp.Literal.string(identifier).as_("identifier"), _form(identifier, config, column).as_("value"),
            sqlglot.parse_one("lower(trim(purpose))", dialect="duckdb").as_("purpose"),
            "given", exp.column("at", quoted=True),
        ).from_(exp.to_table(name, quoted=True)).where(exp.column(column, quoted=True).is_(exp.null()).not_())
        for name, source in sources.items()
        for column, identifier in source.person.items()
    ]  # fmt: skip

    def nasty() -> dict[str, pa.Table]:
        fixed = [c for c in _STATED.columns if c.name in ("source_file", "source_line", "purpose", "given", "at")]
        people = {name: [Column(column, "varchar", "person") for column in source.person] for name, source in sources.items()}
        return {name: nasty_rows([*fixed, *its], {"source_file": ["a"], "source_line": range(2, 62)}) for name, its in people.items()}

    return Stage("stated", dict.fromkeys(sources, anyhow()), _union(selects), _STATED, nasty=nasty)


def _who() -> Iterator[tuple[str, list[str | None]]]:
    yield "identifier", ["identity.email", "identity.email", "identity.phone"]
    yield "value", ["a@x", "b@x", "a@x", "+49", "", None, "c@x"]
    yield "customer_id", ["c1", "c2", "c1", None]
    yield "source", ["crm", "crm", "shop"]


@cache
def _nasty_holders() -> dict[str, pa.Table]:
    identified = nasty_rows(_IDENTIFIED.columns, {**dict(_who()), "record_key": keys()})
    people = {"source": ["crm", "crm", "shop"], "record_key": keys(), "customer_id": ["c1", "c2"], "kind": ["record", "record", "visitor"]}
    needed = [c for c in ALTERNATE_KEYS.columns if c.name in people]
    return {_IDENTIFIED.name: identified, "alternate_keys": nasty_rows(needed, people)}


@cache
def _nasty_found() -> dict[str, pa.Table]:
    stated = nasty_rows(_STATED.columns, {**dict(_who()), "source_file": ["a"], "source_line": [2, 2, 3, 4, 5]})
    return {"stated": stated, _HOLDERS.name: nasty_rows(_HOLDERS.columns, dict(_who()), rows=13)}


@cache
def _nasty_statements() -> dict[str, pa.Table]:
    return {"found": nasty_rows(_FOUND.columns, {**dict(_who()), "source_file": ["a", "b"], "source_line": [2, 2, 3]})}


@cache
def _nasty_consents() -> dict[str, pa.Table]:
    purposes: dict[str, Sequence[Any]] = {
        "purpose": ["newsletter", "newsletter", "post"],
        "given": [True, True, False],
        "source_line": range(2, 62),
        "nth": [1],
        "at": [None, *(datetime.fromisoformat(f"2024-0{month}-01") for month in (3, 1, 2, 2, 1, 3))],
    }
    statements = nasty_rows(CONSENT_STATEMENTS.columns, {**dict(_who()), **purposes})
    return {"consent_statements": statements, AS_OF.name: nasty_rows(columns("day | date | the day"), rows=1)}
