"""An entity is a configuration: the steps that make customers, read under the names of accounts or contacts.

Nothing is computed here. The stations `identity` and `unify` give their steps for a configuration whose section
`customers` is the one of the entity; here their tables and columns get the names of the entity, in declarations,
statements and checks alike. A name is found as a word of the statement, never by editing text: a table stands after
FROM or JOIN or before a dot, a column may stand anywhere, because no field of these sources can have its name
(config/accounts.py). The SQL itself stays as it was written.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot.tokenizer_core import Token, TokenType

from cdp_assets.config import Project
from cdp_assets.lake import Check, Source, Stage, Step, Table, digest
from cdp_assets.lake.source import name
from cdp_assets.lake.stage import Body, Meet

STATION = "contacts"
_PROFILES = "unified_profiles"
_ID_TABLES = ("ids", "ids_before", "id_redirects", "id_changes", "id_changes_before")


@dataclass(frozen=True)
class Entity:
    """What the tables and columns of customers are called for another entity; `word` is the entity in the singular."""

    section: str
    word: str
    profiles: str

    @property
    def tables(self) -> dict[str, str]:
        """Table of customers -> table of the entity."""
        ids = {f"customer_{name}": f"{self.word}_{name}" for name in _ID_TABLES}
        keys = {"profile_lineage": f"{self.word}_lineage", "alternate_keys": f"{self.word}_keys", _PROFILES: self.profiles}
        return {name: f"{self.word}_{name}" for name in ("term_frequencies", "match_edges", "clusters", "configured_ids")} | ids | keys

    @property
    def columns(self) -> dict[str, str]:
        """Column of customers -> column of the entity."""
        names = ("customer_id", "surviving_customer_id", "previous_customer_id", "previous_customer_ids")
        return {name: name.replace("customer", self.word) for name in names}

    def words(self, text: str) -> str:
        """A description of customers as one of the entity. People, in such a text, are those who read, state and decide."""
        for old, new in (("customers", f"{self.word}s"), ("customer", self.word), ("person", self.word)):
            text = re.sub(rf"\b{old}\b", new, text)
        return re.sub(r"\b([Aa]) (?=account)", r"\1n ", text)

    def column(self, name: str) -> str:
        """The name of a column."""
        return self.columns.get(name, name)


ACCOUNTS = Entity("accounts", "account", "account_profiles")
CONTACTS = Entity("contacts", "contact", "contacts")


def view(project: Project, entity: Entity) -> Project:
    """The project as a project of the entity: its section stands in the place of `customers`."""
    section = getattr(project.config, entity.section)
    return replace(project, config=project.config.model_copy(update={"customers": section}))


def of_entity(step: Step, entity: Entity) -> Step:
    """A step that makes a table of customers, as one that makes the same table of the entity."""
    return replace(
        step,
        table=table_of(step.table, entity),
        station=STATION,
        description=f"The golden record of each {entity.word}." if step.table.name == _PROFILES else entity.words(step.description),
        reads={entity.tables.get(n, n): table_of(table, entity) for n, table in step.reads.items()},
        stages=lambda: [_stage(stage, entity) for stage in step.stages()],
        checks=lambda: [_check(check, entity) for check in step.checks()],
        numbers={entity.words(label): statement(sql, entity) for label, sql in step.numbers.items()},
        notice=statement(step.notice, entity) if step.notice else None,
    )


def table_of(table: Table, entity: Entity) -> Table:
    """The declaration of a table of customers as one of the entity; of any other table the same."""
    if table.name not in entity.tables and not set(table.column_names) & set(entity.columns):
        return table
    one = f"one {entity.word}, made of all records that are this {entity.word}"
    return replace(
        table,
        name=entity.tables.get(table.name, table.name),
        grain=one if table.name == _PROFILES else entity.words(table.grain),
        key=tuple(map(entity.column, table.key)),
        columns=tuple(replace(c, name=entity.column(c.name), description=entity.words(c.description)) for c in table.columns),
    )


def as_customers(read: Callable[[Table], Source], table: Table, entity: Entity | None) -> Source:
    """The rows of the entity's table that has the place of this table of customers, under the names of customers; None: customers."""
    if entity is None:
        return read(table)
    its = read(table_of(table, entity))
    names = ", ".join(f"{name(entity.column(c))} as {name(c)}" for c in table.column_names)
    return replace(its, table=table, sql=f"select {names} from ({its.sql})")


def statement(sql: str, entity: Entity) -> str:
    """A statement about customers as one about the entity: the same text, but for the names."""
    tokens = sqlglot.tokenize(sql, dialect="duckdb")
    parts: list[str] = []
    done = 0
    for place, token in enumerate(tokens):
        if token.token_type not in (TokenType.VAR, TokenType.IDENTIFIER):
            continue
        renamed = entity.columns.get(token.text) or (entity.tables.get(token.text) if _is_table(tokens, place) else None)
        if renamed is not None:
            quote = '"' if token.token_type is TokenType.IDENTIFIER else ""
            parts += [sql[done : token.start], f"{quote}{renamed}{quote}"]
            done = token.end + 1
    return "".join([*parts, sql[done:]])


def _is_table(tokens: Sequence[Token], place: int) -> bool:
    before = tokens[place - 1].token_type if place else None
    after = tokens[place + 1].token_type if place + 1 < len(tokens) else None
    return before in (TokenType.FROM, TokenType.JOIN) or after is TokenType.DOT


def _check(check: Check, entity: Entity) -> Check:
    return Check(check.name, entity.words(check.description), statement(check.sql, entity))


def _stage(stage: Stage, entity: Entity) -> Stage:
    sql = stage.sql()
    changed: dict[str, Any] = {}
    if sql is not None:
        changed["body"] = statement(sql, entity)
    elif callable(stage.body) and any(entity.column(c) != c for c in stage.writes.column_names):
        # The code of the body is part of what the stage does; the wrapper would hide it from the digest.
        changed["body"] = _renaming(stage.body, entity)
        changed["params"] = {**stage.params, "code": digest.of_function(stage.body) + stage.body.__name__}
    return replace(
        stage,
        name=entity.tables.get(stage.name, stage.name),
        reads={entity.tables.get(n, n): _meet(meet, entity) for n, meet in stage.reads.items()},
        writes=table_of(stage.writes, entity),
        nasty=_nasty(stage.nasty, entity) if stage.nasty else None,
        lineage=_lineage(stage.lineage, entity) if stage.lineage else None,
        **changed,
    )


def _meet(meet: Meet, entity: Entity) -> Meet:
    return replace(meet, columns=tuple(map(entity.column, meet.columns)))


def _renamed(rows: pa.Table, names: Mapping[str, str]) -> pa.Table:
    return rows.rename_columns([names.get(name, name) for name in rows.column_names])


def _renaming(body: Body, entity: Entity) -> Body:
    """A Python body sees and gives the names of customers; around it the columns are renamed."""
    tables, columns = ({new: old for old, new in names.items()} for names in (entity.tables, entity.columns))

    def renamed(inputs: Mapping[str, pa.Table], params: Mapping[str, Any]) -> pa.Table:
        given = {tables.get(n, n): _renamed(rows, columns) for n, rows in inputs.items()}
        return _renamed(body(given, params), entity.columns)

    return renamed


def _nasty(nasty: Callable[[], Mapping[str, pa.Table]], entity: Entity) -> Callable[[], Mapping[str, pa.Table]]:
    return lambda: {entity.tables.get(n, n): _renamed(rows, entity.columns) for n, rows in nasty().items()}


def _lineage(lineage: Mapping[str, tuple[str, ...]], entity: Entity) -> dict[str, tuple[str, ...]]:
    def origin(text: str) -> str:
        table, _, column = text.partition(".")
        return f"{entity.tables.get(table, table)}.{entity.column(column)}"

    return {entity.column(column): tuple(map(origin, origins)) for column, origins in lineage.items()}
