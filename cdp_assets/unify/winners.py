"""Which record of a group of duplicates goes on, and whose value it shows in the fields that have a rule of their own.

The winner is the record that `keep` says: the most filled, the newest or the oldest by a field; a record without a value
there comes last. At a tie the greatest primary key wins: keys that are numbers or days compare as such, others as text.

A field in `fields` shows the value of the record that its own rule says, among those that have one. Where that is not
the winner itself, the winner's row says whose value it is, in lists of one order: `taken_fields`, `taken_keys`,
`taken_files`, `taken_lines`, and `own_values`: what it has there itself, by which it is compared (identity/own_values.py).
`origins` gives for any field where the value of a row comes from. No other row changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from cdp_assets.config import ProjectConfig, RecordsSource
from cdp_assets.config.dedupe import Dedupe, Keep, Recency
from cdp_assets.lake import Column, Stage, Table, by
from cdp_assets.lake.nasty import keys, nasty_rows
from cdp_assets.unify.deduplicated_tables import FILLED, TAKEN

MEMBERS = "members"
WINNERS = "winners"


@dataclass(frozen=True)
class Choice:
    """What the configuration says of one source's winners, with our names for the columns that it needs."""

    keep: Keep
    shown: Mapping[str, Keep]
    """Fields with a rule of their own."""
    fields: Mapping[str, str]
    """The types of the source's fields."""
    key: str
    """The field with the primary key."""

    @property
    def recencies(self) -> list[str]:
        """The fields by which a record is newer or older, each once."""
        return list(dict.fromkeys(each.field for each in (self.keep, *self.shown.values()) if isinstance(each, Recency)))

    def columns(self) -> tuple[Column, ...]:
        """The columns of a member: o1, o2, ... order records, v1, v2, ... are values of fields with a rule of their own."""
        ordered = [Column(f"o{n}", self.fields[field], "when") for n, field in enumerate(self.recencies, start=1)]
        key = [] if self.fields[self.key] == "varchar" else [Column("key_value", self.fields[self.key], "key with its type")]
        values = [Column(f"v{n}", self.fields[field], "value") for n, field in enumerate(self.shown, start=1)]
        return (*ordered, *key, *values)

    def sources(self) -> list[str]:
        """The fields of these columns, in the same order."""
        return [*self.recencies, *([] if self.fields[self.key] == "varchar" else [self.key]), *self.shown]

    def order(self, keep: Keep) -> str:
        """The order in which the first record is the one to take."""
        key = "record_key desc" if self.fields[self.key] == "varchar" else "key_value desc, record_key desc"
        if not isinstance(keep, Recency):
            return f"filled desc, {key}"
        direction = "desc" if keep.most_recent is not None else "asc"
        return f"o{self.recencies.index(keep.field) + 1} {direction} nulls last, {key}"


def choice(config: ProjectConfig, source: str) -> Choice:
    """What is configured for a source, else the most filled record."""
    settings = config.sources[source]
    assert isinstance(settings, RecordsSource)
    dedupe = config.customers.dedupe.get(source, Dedupe())
    return Choice(dedupe.keep, dedupe.fields, {n: field.data_type for n, field in settings.fields.items()}, settings.primary_key)


def member_stage(config: ProjectConfig, source: str, records: Stage, strongest: Table) -> Stage:
    """The records that have duplicates, with what is needed to choose among them."""
    chosen = choice(config, source)
    named = zip(chosen.sources(), chosen.columns(), strict=True)
    body = (
        exp.select("r.record_key", "g.root", "r.source_file", "r.source_line", "s.rule", "s.score")
        .select(exp.column(FILLED.name, "r", quoted=True).as_("filled"))
        .select(*(exp.column(field, "r", quoted=True).as_(column.name) for field, column in named))
        .from_(exp.Table(this=exp.to_identifier(records.name, quoted=True), alias=exp.TableAlias(this=exp.to_identifier("r"))))
        .join("groups as g", on="r.record_key = g.node")
        .join(_table(strongest.name, "s"), on="r.record_key = s.record_key")
    )
    group = (Column("node", "varchar", "record"), Column("root", "varchar", "group"))
    return Stage(
        MEMBERS,
        {records.name: by("record_key"), "groups": by("node"), strongest.name: by("record_key")},
        body,
        _members(chosen),
        nasty=lambda: {
            records.name: nasty_rows(records.writes.columns, {"record_key": keys(), FILLED.name: [3, 2, 3, 1]}),
            "groups": nasty_rows(group, {"node": keys(), "root": ["k1", "k2"]}, rows=40),
            strongest.name: nasty_rows(strongest.columns, {"record_key": keys()}, rows=40),
        },
    )


def winner_stage(config: ProjectConfig, source: str) -> Stage:
    """Each member with the winner of its group; a winner has the keys of the others, and the values that it takes from them."""
    chosen = choice(config, source)
    firsts = [f"first_value(record_key) over (partition by root order by {chosen.order(chosen.keep)}) as winner_key"]
    for n, keep in enumerate(chosen.shown.values(), start=1):
        window = f"over (partition by root order by (v{n} is not null) desc, {chosen.order(keep)})"
        firsts += [f"first_value({column}) {window} as {name}{n}" for column, name in _OF_VALUE]
        firsts += [f"first_value(v{n}) {window} as t{n}", f"v{n} as own{n}"]
    body = f"""
        with ranked as (
            select record_key, root, rule, score, {", ".join(firsts)} from members
        ),
        others as (
            select winner_key, list(record_key order by record_key) as alternates
            from ranked where record_key <> winner_key group by winner_key
        )
        select r.record_key, r.winner_key, o.alternates, r.rule, r.score{_taken(chosen)}
        from ranked as r left join others as o on r.record_key = o.winner_key
    """
    members = _members(chosen)
    example: dict[str, Sequence[Any]] = {"record_key": keys(), "root": ["a", "b", "a", "c"], "filled": [3, 3, 2], "source_line": [2]}
    return Stage(
        WINNERS,
        {MEMBERS: by("root")},
        body,
        _winners(chosen),
        params={f"field{n}": field for n, field in enumerate(chosen.shown, start=1)},
        nasty=lambda: {MEMBERS: nasty_rows(members.columns, example)},
    )


_OF_VALUE = (("record_key", "k"), ("source_file", "f"), ("source_line", "l"))


def _taken(chosen: Choice) -> str:
    """The lists of what a winner takes from others. Nobody takes a value that is not there."""
    if not chosen.shown:
        return ""
    numbers = range(1, len(chosen.shown) + 1)
    taken = [f"r.record_key = r.winner_key and r.t{n} is not null and r.k{n} <> r.record_key" for n in numbers]
    lists = [
        f", list_filter([{', '.join(f'case when {taken[n - 1]} then {value}{n} end' for n in numbers)}], lambda x: x is not null) as {name}"
        for value, name in (("$field", "taken_fields"), ("r.k", "taken_keys"), ("r.f", "taken_files"), ("r.l", "taken_lines"))
    ]
    owns = ", ".join(f"case when {taken[n - 1]} then struct_pack(v := cast(r.own{n} as varchar)) end" for n in numbers)
    own = f", list_transform(list_filter([{owns}], lambda x: x is not null), lambda x: x.v) as own_values"
    values = [f", case when {taken[n - 1]} then r.t{n} end as v{n}" for n in numbers]
    return "".join([*lists, own, *values])


def winner_columns(chosen: Choice) -> list[exp.Expr]:
    """The columns TAKEN and all fields of a row of deduplicated_<source>, from its record d and its row of WINNERS w."""
    columns: list[exp.Expr] = []
    for column in TAKEN if chosen.shown else ():
        nothing = exp.cast(exp.array(dialect="duckdb"), column.type, dialect="duckdb")
        columns.append(exp.func("coalesce", exp.column(column.name, "w"), nothing).as_(column.name))
    numbers = {field: n for n, field in enumerate(chosen.shown, start=1)}
    for field in chosen.fields:
        own = exp.column(field, "d", quoted=True)
        shown = exp.func("coalesce", exp.column(f"v{numbers[field]}", "w"), own) if field in numbers else own
        columns.append(shown.as_(field, quoted=True))
    return columns


def origins(config: ProjectConfig, source: str, field: str, table: str) -> tuple[exp.Expr, exp.Expr, exp.Expr]:
    """Key, file and line of the record that a field's value comes from, in rows `table` of deduplicated_<source>."""
    own = [exp.column(name, table) for name in ("record_key", "source_file", "source_line")]
    if field not in choice(config, source).shown:
        return own[0], own[1], own[2]
    place = exp.func("list_position", exp.column("taken_fields", table), exp.Literal.string(field), dialect="duckdb")
    lists = [exp.column(name, table) for name in ("taken_keys", "taken_files", "taken_lines")]
    taken = [exp.func("list_extract", each, place.copy(), dialect="duckdb") for each in lists]
    key, file, line = (exp.func("coalesce", one, other) for one, other in zip(taken, own, strict=True))
    return key, file, line


def _members(chosen: Choice) -> Table:
    columns = (
        Column("record_key", "varchar", "key of a record with duplicates"), Column("root", "varchar", "name of its group"),
        Column("source_file", "varchar", "its file"), Column("source_line", "bigint", "its line"),
        Column("rule", "varchar", "rule of its strongest pair"), Column("score", "double", "score of that pair"),
        Column("filled", "bigint", "number of fields with a value"),
    )  # fmt: skip
    return Table(MEMBERS, "a record that has duplicates", (), (*columns, *chosen.columns()))


def _winners(chosen: Choice) -> Table:
    columns = (
        Column("record_key", "varchar", "key of a record with duplicates"), Column("winner_key", "varchar", "the winner of its group"),
        Column("alternates", "varchar[]", "of a winner: the other keys"), Column("rule", "varchar", "rule of its strongest pair"),
        Column("score", "double", "score of that pair"),
    )  # fmt: skip
    values = [column for column in chosen.columns() if column.name.startswith("v")]
    return Table(WINNERS, "a record that has duplicates", (), (*columns, *(TAKEN if chosen.shown else ()), *values))


def winners_example(config: ProjectConfig, source: str) -> Table:
    """The declaration of the rows of WINNERS."""
    return _winners(choice(config, source))


def _table(name: str, alias: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=exp.TableAlias(this=exp.to_identifier(alias)))
