"""The comparable forms of a source's records: one column for each form that a rule needs.

What takes long is done once for each distinct value and joined back. The weights of words are added last, because they
are learnt from the texts of all sources of the step (words.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from cdp_assets.identity import lists, words
from cdp_assets.identity.normalise import Form, functions_in
from cdp_assets.identity.normalise.forms import text, view, words_of
from cdp_assets.lake import Column, Stage, Table, anyhow, everywhere, intermediate
from cdp_assets.lake.nasty import keys, nasty_rows, values_of
from cdp_assets.lake.source import name
from cdp_assets.lake.stage import Meet


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
        # a form is never empty text: where nothing is left of a value it is null
        forms = {column.name: [value for value in values_of(column) if value != ""] for column in self.table().columns}
        return nasty_rows(self.table().columns, {**forms, **self._with_weights(forms), "record_key": keys()})

    def crowded(self) -> pa.Table:
        """Rows of which most have the same values, and some none."""
        columns = self.table().columns[1:]
        same = {column.name: [*values_of(column)[:1] * 4, None] for column in columns}
        return nasty_rows(self.table().columns, {**same, **self._with_weights(same), "record_key": keys(300)}, rows=300)

    def _with_weights(self, given: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
        """As many weights as the text beside them has words."""
        result: dict[str, Sequence[object]] = {}
        for form in self.forms:
            if form.view == "weights":
                texts = given[self.column(form.value)]
                result[self.column(form)] = [None if t is None else [100 + 7 * len(w) for w in str(t).split(" ")] for t in texts]
        return result

    @property
    def weighted(self) -> bool:
        """Whether any of the forms needs the weights of words."""
        return any(form.view == "weights" for form in self.forms)

    def texts(self) -> "Forms":
        """The forms without weights, as they are before those are added."""
        return Forms(f"texts of {self.stage}", tuple(form for form in self.forms if form.view != "weights"))


def forms_stages(records: Mapping[str, Forms], *, frozen: str | None = None) -> list[Stage]:
    """The comparable forms of the rows of several tables (record_key and the fields), by the name of the table.

    `frozen`: an input with the columns of TERM_FREQUENCIES, whose weights are taken; without it they are learnt here.
    """
    weighted = [forms for forms in records.values() if forms.weighted]
    texts = _text_stages(records)
    kinds = _kinds(weighted)
    weights = [words.frozen_stage(kind, frozen) for kind in kinds] if frozen else [_learnt(kind, weighted) for kind in kinds]
    return [*texts, *weights, *(words.with_weights(forms, forms.texts()) for forms in weighted)]


def weight_stages(records: Mapping[str, Forms]) -> list[Stage]:
    """The weights of words that the texts of these tables teach, as `words.WORD_WEIGHTS`; none where no form needs any."""
    weighted = {table: forms for table, forms in records.items() if forms.weighted}
    kinds = _kinds(weighted.values())
    if not kinds:
        return []
    learnt = [_learnt(kind, list(weighted.values())) for kind in kinds]
    return [*_text_stages(weighted), *learnt, words.all_weights(kinds)]


def _text_stages(records: Mapping[str, Forms]) -> list[Stage]:
    result = lists.list_stages(form for forms in records.values() for form in forms.forms)
    return [*result, *(_texts(forms.texts() if forms.weighted else forms, table) for table, forms in records.items())]


def _kinds(weighted: Iterable[Forms]) -> list[str]:
    return sorted({form.kind for forms in weighted for form in forms.forms if form.view == "weights"})


def _learnt(kind: str, weighted: Sequence[Forms]) -> Stage:
    return words.weights_stage(kind, [(each.texts(), _texts_of(each, kind)) for each in weighted if _texts_of(each, kind)])


def _texts_of(forms: Forms, kind: str) -> list[str]:
    return [forms.texts().column(form.value) for form in forms.forms if form.view == "weights" and form.kind == kind]


def _texts(forms: Forms, records: str) -> Stage:
    values = list(dict.fromkeys(form.value for form in forms.forms))
    number = {value: n for n, value in enumerate(values, start=1)}
    looked_up = [value for value in values if value.looked_up]
    columns = [f"{name(f'made {number[v]}')}.value" if v.looked_up else _sql(text(v, _field(v))) for v in values]
    listing = "".join(f", {column} as v{n}" for n, column in enumerate(columns, start=1))
    joins = "".join(f" left join {name(f'made {number[v]}')} on {_sql(_field(v))} = {name(f'made {number[v]}')}.given" for v in looked_up)
    made = [_made(v, number[v], records) for v in looked_up]
    split = "".join(f", {_sql(words_of(exp.column(f'v{number[v]}')))} as w{number[v]}" for v in values if v.kind == "name")
    views = [_sql(view(f, exp.column(f"v{number[f.value]}"), exp.column(f"w{number[f.value]}"))) for f in forms.forms]
    body = f"""
        {"with " + ", ".join(made) if made else ""}
        select record_key{"".join(f", {each} as {forms.column(f)}" for f, each in zip(forms.forms, views, strict=True))}
        from (select *{split} from (select r.record_key{listing} from {name(records)} as r{joins}))
    """
    fields = dict.fromkeys((value.field, value.data_type) for value in values)
    inputs = [Column("record_key", "varchar", "key"), *(Column(n, t, "field") for n, t in fields)]
    reads: dict[str, Meet] = {records: anyhow()}
    listed = [each for value in values for each in (value.aliases, value.bypassed) if each]
    return Stage(
        forms.stage,
        {**reads, **dict.fromkeys(listed, everywhere())},
        body,
        forms.table(),
        nasty=lambda: {
            records: nasty_rows(inputs, {"record_key": keys()}),
            **{each: lists.example(each) for each in listed},
        },
        functions=functions_in(body),
    )


def _made(value: Form, number: int, records: str) -> str:
    """The forms of the distinct values of a field: the same for a value however the records are split."""
    given = exp.column("given")
    source = f"select distinct {_sql(exp.column(value.field, quoted=True))} as given from {name(records)}"
    made = f"(select given, {_sql(text(value, given))} as value from ({source}) where given is not null) as m"
    result = "m.value"
    if value.alias:
        made += f" left join {name(value.aliases)} as a on m.value = a.value"
        result = "coalesce(a.same_as, m.value)"
    if value.bypass:
        made += f" left join {name(value.bypassed)} as b on {result} = b.value"
        result = f"case when b.value is null then {result} end"
    return f"{name(f'made {number}')} as (select m.given, {result} as value from {made})"


def _field(form: Form) -> exp.Column:
    return exp.column(form.field, table="r", quoted=True)


def _sql(expression: exp.Expr) -> str:
    return expression.sql(dialect="duckdb")
