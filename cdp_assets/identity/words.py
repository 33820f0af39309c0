"""How alike addresses and names of organisations are: word by word, and a rare word weighs more than a common one.

Words of both sides are put side by side: equal ones first, then those that are alike, the most alike first. The score is
the sum of likeness x weight over these pairs, divided by the sum of the weights of all words, each pair counted once:

    One Microsft Way Redmond WA 98052, One Microsoft Way Redmond 98052, with weights 1, 5, 1, 2, 1, 2:
    (1 + 5 x 8/9 + 1 + 2 + 0 + 2) / 12 = 0.87037

(The documentation that is followed here takes 7/8 for Microsft, from the shorter word, and so comes to 10.375 / 12 =
0.86458. Likeness here is 1 - Levenshtein distance / longer length everywhere, so that a score does not depend on the side.)

Decided here, where it says nothing: words less alike than ALIKE are two words; a word with a digit is alike only to an
equal one (12 and 13 are two houses); of a pair the lighter weight counts, because a misspelt word is rare and would weigh
more than the word it stands for. Values of more than MAX_PAIRS pairs of words have only their equal words side by side.

The weights are learnt from the texts of a step (`weights_stage`), or taken from a table that was kept (`frozen_stage`), so that
a pair's score depends on the two records and that table; a word that it lacks weighs as much as its heaviest, and all
weigh alike where it is empty.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from cdp_assets.identity.tables import TERM_FREQUENCIES
from cdp_assets.lake import Column, Function, Stage, anyhow, everywhere, intermediate, whole
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import name

if TYPE_CHECKING:
    from cdp_assets.identity.forms import Forms

SCALE = 1_000_000
"""What is missing to full likeness is counted in parts of a million: whole numbers, so that no pair is lost to rounding."""
WEIGHT = 1000
"""Weights are whole numbers too: a thousand times the logarithm."""


def weights_name(kind: str) -> str:
    """The name of the stage with the weights of words."""
    return f"weights of words: {kind}"


def weights_stage(kind: str, texts: Sequence[tuple["Forms", list[str]]]) -> Stage:
    """Word -> weight, from columns of texts of several sources: ln(1 + texts / texts with the word), x 1000, rounded."""
    columns = " union all ".join(
        f"select {column} as text from {name(forms.stage)} where {column} is not null" for forms, its in texts for column in its
    )
    body = f"""
        with texts as materialized ({columns})
        select word, cast(round({WEIGHT} * ln(1 + (select count(*) from texts) / count(*))) as integer) as weight, count(*) as texts,
            (select count(*) from texts) as all_texts
        from (select unnest(list_distinct(string_split(text, ' '))) as word from texts)
        group by word
    """
    table = intermediate(weights_name(kind), f"{_WEIGHTS}\n{_TEXTS}", key=("word",))
    return Stage(
        table.name, {forms.stage: whole() for forms, _ in texts}, body, table,
        nasty=lambda: {forms.stage: forms.nasty() for forms, _ in texts},
    )  # fmt: skip


_WEIGHTS = "word | varchar | a word as it is compared\nweight | integer | its weight"
_TEXTS = "texts | bigint | texts with the word\nall_texts | bigint | all texts"
WORD_WEIGHTS = intermediate(
    "word weights", f"kind | varchar | what the texts are: address or organization\n{_WEIGHTS}\n{_TEXTS}", key=("kind", "word")
)


def all_weights(kinds: Sequence[str]) -> Stage:
    """The learnt weights of several kinds as one table, to be kept."""
    listing = "word, weight, texts, all_texts"
    body = " union all ".join(f"select '{kind}' as kind, {listing} from {name(weights_name(kind))}" for kind in kinds)
    example = nasty_rows(WORD_WEIGHTS.columns[1:], {"word": ["ann", "lee", "bob"], "weight": [700, 800, 2000]}, rows=3)
    reads = {weights_name(kind): anyhow() for kind in kinds}
    return Stage(WORD_WEIGHTS.name, reads, body, WORD_WEIGHTS, nasty=lambda: dict.fromkeys(reads, example))


def frozen_stage(kind: str, kept: str) -> Stage:
    """The weights of one kind from TERM_FREQUENCIES under the name `kept`."""
    table = intermediate(weights_name(kind), _WEIGHTS, key=("word",))
    body = f"select term as word, weight from {name(kept)} where kind = 'word' and type = $kind"
    given: dict[str, Sequence[object]] = {
        "kind": ["word", "word", "all"],
        "type": [kind, "other"],
        "term": ["ann", "lee", "bob"],
        "weight": [700, 800, 2000],
    }
    example = nasty_rows(TERM_FREQUENCIES.columns, given, rows=6)
    return Stage(table.name, {kept: anyhow()}, body, table, params={"kind": kind}, nasty=lambda: {kept: example})


def _example() -> pa.Table:
    return nasty_rows(
        [Column("word", "varchar", "word"), Column("weight", "integer", "weight")],
        {"word": ["ann", "lee", "bob"], "weight": [700, 800, 2000]}, rows=3,
    )  # fmt: skip


def with_weights(forms: "Forms", texts: "Forms") -> Stage:
    """The forms, from the texts and the weights of their words: a list as long as the text has words."""
    weighted = [form for form in forms.forms if form.view == "weights"]
    numbered = {form: n for n, form in enumerate(weighted, start=1)}
    ctes = []
    for form, n in numbered.items():
        column, weights = texts.column(form.value), name(weights_name(form.kind))
        ctes.append(
            f"split{n} as (select given, unnest(words) as word, generate_subscripts(words, 1) as place from ("
            f"select given, string_split(given, ' ') as words from (select distinct {column} as given from {name(texts.stage)}))), "
            f"made{n} as (select s.given, list(coalesce(w.weight, (select max(weight) from {weights}), {WEIGHT}) order by s.place) as value"
            f" from split{n} as s left join {weights} as w on s.word = w.word group by s.given)"
        )
    columns = [f"made{numbered[form]}.value" if form in numbered else f"t.{texts.column(form)}" for form in forms.forms]
    listing = ", ".join(f"{column} as {forms.column(form)}" for form, column in zip(forms.forms, columns, strict=True))
    joins = "".join(f" left join made{n} on t.{texts.column(form.value)} = made{n}.given" for form, n in numbered.items())
    body = f"with {', '.join(ctes)} select t.record_key, {listing} from {name(texts.stage)} as t{joins}"
    kinds = sorted({weights_name(form.kind) for form in weighted})
    example = _example()
    return Stage(
        forms.stage, {texts.stage: anyhow(), **dict.fromkeys(kinds, everywhere())}, body, forms.table(),
        nasty=lambda: {texts.stage: texts.nasty(), **dict.fromkeys(kinds, example)},
    )  # fmt: skip


def _apart(one: pa.ChunkedArray, weights: pa.ChunkedArray, other: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.Array:
    from cdp_assets.identity import word_kernel

    return word_kernel.apart(*(each.combine_chunks() for each in (one, weights, other, others)))


APART = Function("words_apart", ("VARCHAR", "INTEGER[]", "VARCHAR", "INTEGER[]"), "INTEGER", _apart)
"""From two texts and the weights of their words to what their score lacks, in parts of SCALE."""
