"""Rules of the configuration as comparisons of comparable forms, and the forms that each source must provide."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from cdp_assets.config import Condition, ProjectConfig, RecordsSource
from cdp_assets.identity.normalise import Form, comparable, letters_of
from cdp_assets.identity.similarity import Comparison, share
from cdp_assets.lake import Column, Stage, anyhow
from cdp_assets.lake.nasty import keys, nasty_rows, values_of
from cdp_assets.lake.stage import intermediate
from cdp_assets.lake.table import Table


@dataclass(frozen=True)
class Rule:
    """A rule between two sources, or inside one; `rank` is its place in the configured order."""

    name: str
    rank: int
    left_source: str
    right_source: str
    comparisons: tuple[Comparison, ...]
    section: str = "customers"

    @property
    def within(self) -> bool:
        """Whether the rule finds duplicates inside one source."""
        return self.left_source == self.right_source

    @property
    def exact(self) -> bool:
        """Whether records must be equal in something, so that only those need to be compared."""
        return any(comparison.exact for comparison in self.comparisons)

    @property
    def where(self) -> str:
        """The rule's place in the configuration, for messages."""
        place = f"dedupe.{self.left_source}" if self.within else "match"
        return f'{self.section}.{place}, rule "{self.name}"'


def dedupe_rules(config: ProjectConfig, source: str) -> list[Rule]:
    """The rules inside one source; none when the configuration has none for it."""
    dedupe = config.customers.dedupe.get(source)
    rules = dedupe.rules if dedupe else ()
    section = config.customers.section
    return [Rule(r.name, rank, source, source, _comparisons(config, r.all, source, source), section) for rank, r in enumerate(rules)]


def match_rules(config: ProjectConfig) -> list[Rule]:
    """The rules between sources in configured order."""
    return [
        Rule(r.name, rank, r.left, r.right, _comparisons(config, r.all, r.left, r.right), config.customers.section)
        for rank, r in enumerate(config.customers.match)
    ]


def record_sources(config: ProjectConfig) -> list[str]:
    """The sources of records that take part, the highest first."""
    return [name for name in config.customers.match_order if isinstance(config.sources[name], RecordsSource)]


def event_sources(config: ProjectConfig) -> list[str]:
    """The sources of events whose visitors take part, the highest first."""
    return [name for name in config.customers.match_order if not isinstance(config.sources[name], RecordsSource)]


def _comparisons(config: ProjectConfig, conditions: Iterable[Condition], left: str, right: str) -> tuple[Comparison, ...]:
    result = []
    for condition in conditions:
        names = condition.sides(config, left, right)
        forms = [_form(condition, config, source, field) for source, field in zip((left, right), names, strict=True)]
        result.append(Comparison(forms[0], forms[1], share(condition.precision)))
    return tuple(result)


def _form(condition: Condition, config: ProjectConfig, source: str, field: str) -> Form:
    """A name has its own normalisation, which holds all others; its orders are needed only where it may differ."""
    data_type = config.sources[source].fields[field].data_type
    if condition.as_ == "name":
        return Form(field, data_type, name=True, orders=condition.precision < 1)
    return Form(field, data_type, frozenset(condition.normalise))


@dataclass(frozen=True)
class Forms:
    """The comparable forms of one source's records: rows of record_key, c1, c2, ... under the name `stage`."""

    stage: str
    forms: tuple[Form, ...]

    def column(self, form: Form) -> str:
        """The column of a form, a name of ours."""
        return f"c{self.forms.index(form) + 1}"

    def table(self) -> Table:
        """The declaration of the rows."""
        lines = [f"{self.column(form)} | {form.type} | comparable form" for form in self.forms]
        return intermediate(self.stage, "\n".join(["record_key | varchar | key of the record", *lines]))

    def nasty(self) -> pa.Table:
        """Rows in which a rule finds pairs whatever it compares."""
        columns = self.table().columns
        # a form is never empty text: where nothing is left of a value it is null
        forms = {column.name: [value for value in values_of(column) if value != ""] for column in columns}
        return nasty_rows(columns, {**forms, "record_key": keys()})

    def crowded(self) -> pa.Table:
        """Rows of which most have the same values, and some none."""
        columns = self.table().columns[1:]
        same = {column.name: [*values_of(column)[:1] * 4, None] for column in columns}
        return nasty_rows(self.table().columns, {**same, "record_key": keys(300)}, rows=300)


def forms_of(rules: Iterable[Rule], source: str) -> Forms:
    """The forms that these rules need of one source, each once."""
    wanted: dict[Form, None] = {}
    for rule in rules:
        for comparison in rule.comparisons:
            for side, form in ((rule.left_source, comparison.left), (rule.right_source, comparison.right)):
                if side == source:
                    wanted |= dict.fromkeys([form] if comparison.exact or not rule.exact else [form, letters_of(form)])
    return Forms(f"forms of {source}", tuple(wanted))


def forms_stage(forms: Forms, records: str, fields: Mapping[str, str]) -> Stage:
    """Compute the comparable forms of the rows in `records` (record_key and the fields, by name and type)."""
    steps = [comparable(form) for form in forms.forms]
    names = [forms.column(form) for form in forms.forms]
    key = exp.column("record_key")
    inner = exp.select(key, *(first.as_(n) for n, (first, _) in zip(names, steps, strict=True)))
    inner = inner.from_(exp.Table(this=exp.to_identifier(records, quoted=True)))
    outer = [last.transform(_renamed, n).as_(n) for n, (_, last) in zip(names, steps, strict=True)]
    body = exp.select(key.copy(), *outer).from_(inner.subquery("forms"))
    columns = [Column("record_key", "varchar", "key"), *(Column(n, t, "field") for n, t in fields.items())]
    return Stage(
        forms.stage,
        {records: anyhow()},
        body,
        forms.table(),
        nasty=lambda: {records: nasty_rows(columns, {"record_key": keys()})},
    )


def _renamed(node: exp.Expr, column: str) -> exp.Expr:
    return exp.column(column) if isinstance(node, exp.Column) and node.name == "value" else node
