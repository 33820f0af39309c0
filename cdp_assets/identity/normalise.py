"""What is made alike before two values are compared, as SQL expressions. The data themselves are not changed.

A comparable form of a field is null where nothing is left of the value, so that it never equals anything.
"""

import itertools
import string
from dataclasses import dataclass, replace
from functools import reduce

from sqlglot import exp

MAX_WORDS = 4
"""A name of up to so many words is compared in all orders of its words; a longer one with its words sorted."""

_APOSTROPHES = r"['`]"
_PUNCTUATION = "[[:punct:]]"  # ASCII punctuation; other signs become ASCII by the step `unicode`
_LETTERS = string.ascii_lowercase + string.digits
_SPACE = r"[\s\p{Z}]+"


@dataclass(frozen=True)
class Form:
    """A field as a rule compares it: `steps` in the configuration's words, or the form of a person's name.

    A name is a list of its orders of words, as written first (`orders`), or one text with its words sorted.
    `letters` are not the text but the set of its letters and digits, a bit for each.
    """

    field: str
    data_type: str
    steps: frozenset[str] = frozenset()
    name: bool = False
    orders: bool = False
    letters: bool = False

    @property
    def type(self) -> str:
        """The type of the form in DuckDB."""
        if self.letters:
            return "bigint"
        return "varchar[]" if self.orders else self.data_type


def letters_of(form: Form) -> Form:
    """The set of letters of a form."""
    return replace(form, orders=False, letters=True)


def comparable(form: Form) -> tuple[exp.Expr, exp.Expr]:
    """A form in two steps of SQL: from the field to a column `value`, and from that to the form.

    Two, because the orders of a name's words name the list of words many times.
    """
    column = exp.column(form.field, quoted=True)
    value = exp.column("value")
    if form.name:
        words = exp.func("string_split", _person_name(column), exp.Literal.string(" "), dialect="duckdb")
        if form.letters:
            return words, _letters(_sorted(value))
        return words, _orders(value) if form.orders else _sorted(value)
    if form.data_type == "varchar":
        return _text(column, form.steps), _letters(value) if form.letters else value
    return column, value


def _call(function: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    nodes = [a if isinstance(a, exp.Expr) else exp.convert(a) for a in arguments]
    return exp.func(function, *nodes, dialect="duckdb")


def _replace(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return _call("regexp_replace", value, pattern, by, "g")


def _ascii(column: exp.Expr) -> exp.Expr:
    """Text in ASCII letters; our function is called only for values with a character of more than one byte."""
    plain = exp.EQ(this=_call("strlen", column.copy()), expression=_call("length", column.copy()))
    return exp.case().when(plain, column.copy()).else_(_call("to_ascii", column.copy()))


def _text(column: exp.Expr, steps: frozenset[str]) -> exp.Expr:
    value = _ascii(column) if "unicode" in steps else column
    if "lower" in steps:
        value = _call("lower", value)
    if "symbols" in steps:
        value = _replace(value, _PUNCTUATION, "")
    if "whitespace" in steps:
        value = _replace(value, _SPACE, "")
    return _call("nullif", value, "")


def _person_name(column: exp.Expr) -> exp.Expr:
    """Lower case, ASCII, one space between words: O'Brien is obrien, Anne-Marie is two words, J.R. too."""
    value = _replace(_call("lower", _ascii(column)), _APOSTROPHES, "")
    value = _replace(_replace(value, _PUNCTUATION, " "), _SPACE, " ")
    return _call("nullif", _call("trim", value), "")


def _letters(text: exp.Expr) -> exp.Expr:
    """The set of letters and digits in a text as one number; null for no text."""
    bits: list[exp.Expr] = [
        exp.case().when(_call("contains", text.copy(), letter), exp.convert(1 << place)).else_(exp.convert(0))
        for place, letter in enumerate(_LETTERS)
    ]
    total = reduce(lambda one, other: exp.Add(this=one, expression=other), bits)
    return exp.case().when(text.copy().is_(exp.null()), exp.null()).else_(total)


def _sorted(words: exp.Expr) -> exp.Expr:
    return _call("array_to_string", _call("list_sort", words.copy()), " ")


def _orders(words: exp.Expr) -> exp.Expr:
    """All orders of up to MAX_WORDS words as a list of texts, as written first; more words: sorted only."""
    count = _call("len", words.copy())
    orders = exp.case().when(words.copy().is_(exp.null()), exp.null())
    for length in range(1, MAX_WORDS + 1):
        places = itertools.permutations(range(1, length + 1))
        texts = [_call("concat_ws", " ", *(_call("list_extract", words.copy(), place) for place in order)) for order in places]
        orders = orders.when(exp.EQ(this=count.copy(), expression=exp.convert(length)), exp.array(*texts, dialect="duckdb"))
    return orders.else_(exp.array(_sorted(words), dialect="duckdb"))
