"""Comparable forms of a field, as SQL expressions.

A form is null where nothing is left of the value, so that it never equals anything. The options are applied in one order,
however they are written: numerals, phone, unicode, name, address, organization, lower, symbols, whitespace; then the lists
of aliases and of values to bypass. A name, an address and an organisation hold what makes their words comparable (lower
case, ASCII letters, no signs, one space between words), whether by `as` or by an option.
"""

import itertools
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

from cdp_assets.config.value_lists import AliasList, BypassList
from cdp_assets.identity.normalise import organizations, phone
from cdp_assets.lake import digest

MAX_WORDS = 4
"""A name of up to so many words is compared in all orders of its words; a longer one with its words sorted."""

Kind = Literal["text", "name", "address", "organization"]
View = Literal["value", "sorted", "orders", "letters", "weights"]

_FOLDED = ("name", "address", "organization")
_APOSTROPHES = r"['`]"
_PUNCTUATION = "[[:punct:]]"  # ASCII punctuation; other signs become ASCII by the step `unicode`
_SPACE = r"[\s\p{Z}\p{Cf}]+"  # also the signs of no width
_PICTURES = r"[\p{So}\p{Cf}\x{FE0F}]+"  # would become words: a heart :hearts:
_TYPES: dict[View, str] = {"orders": "varchar[]", "letters": "bigint", "weights": "integer[]"}


@dataclass(frozen=True)
class Form:
    """A field as a rule compares it: the options in the configuration's words, what it is compared as, and the lists.

    `view` says what of it: the text (`value`), its words sorted or in all `orders`, as written first; which
    `letters` and digits it has (letters.py); the `weights` of its words.
    """

    field: str
    data_type: str
    steps: frozenset[str] = frozenset()
    kind: Kind = "text"
    view: View = "value"
    alias: AliasList | None = None
    bypass: BypassList | None = None

    @property
    def type(self) -> str:
        """The type of the form in DuckDB."""
        return _TYPES.get(self.view, self.data_type)

    @property
    def orders(self) -> bool:
        """Whether it is a list of a name's words in all orders."""
        return self.view == "orders"

    @property
    def words(self) -> bool:
        """Whether it is compared word by word, each with its weight."""
        return self.kind in ("address", "organization")

    @property
    def value(self) -> "Form":
        """The text that all views of this form are made of."""
        return replace(self, view="value")

    @property
    def aliases(self) -> str:
        """The stage with the aliases of this form's values; empty where it has none."""
        return f"aliases {self._list_of(self.alias)}" if self.alias else ""

    @property
    def bypassed(self) -> str:
        """The stage with the values of this form that are alike to nothing; empty where it has none."""
        return f"bypass {self._list_of(self.bypass)}" if self.bypass else ""

    def _list_of(self, its: AliasList | BypassList) -> str:
        """A name for the list as it looks in this form, the same for all fields."""
        others = (self.alias,) if its is self.bypass else ()
        return digest.of([self.kind, sorted(self.steps), its.model_dump(), [each and each.model_dump() for each in others]])[:8]

    @property
    def looked_up(self) -> bool:
        """Whether it is worth while to make the form once for each distinct value."""
        return any(step in self.steps for step in _FOLDED) or self.words or self.alias is not None or self.bypass is not None


def companion_of(form: Form) -> Form:
    """What a comparison that is not exact needs beside the form: the weights of words, else which letters it has."""
    return replace(form, view="weights" if form.words else "letters")


def text(form: Form, column: exp.Expr) -> exp.Expr:
    """The value of a form (before its lists) from a column of the field."""
    if form.data_type != "varchar":
        return column
    value = column
    if "numerals" in form.steps:
        value = only_other_letters(value, _call("arabic_digits", value.copy()))
    if "phone" in form.steps:
        value = _phone(value)
    folded = [each for each in _FOLDED if each in form.steps or (each == form.kind and each != "name")]
    if form.kind == "name" or folded:
        value = _words(value, organization="organization" in folded, joined=bool(folded) and folded != ["name"])
        for each in folded:
            value = _call(f"fold_{each}", value)
    elif "unicode" in form.steps:
        value = only_other_letters(value, _call("to_ascii", value.copy()))
    if form.kind == "text":
        value = _simple_steps(value, form.steps)
    return _call("nullif", value, "")


def view(form: Form, value: exp.Expr, words: exp.Expr) -> exp.Expr:
    """A form from the columns of its value and, for a name, of the list of its words."""
    match form.view:
        case "sorted":
            return _sorted(words)
        case "orders":
            return _orders(words)
        case "letters":
            return _call("letters_of", value)
        case _:
            return value


def words_of(value: exp.Expr) -> exp.Expr:
    """The list of words of a text."""
    return _call("string_split", value, " ")


def _call(function: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    nodes = [a if isinstance(a, exp.Expr) else exp.convert(a) for a in arguments]
    return exp.func(function, *nodes, dialect="duckdb")


def _replace(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return _call("regexp_replace", value, pattern, by, "g")


def only_other_letters(value: exp.Expr, changed: exp.Expr) -> exp.Expr:
    """`changed` for values with a character of more than one byte: functions of letters are called only for those."""
    plain = exp.EQ(this=_call("strlen", value.copy()), expression=_call("length", value.copy()))
    return exp.case().when(plain, value.copy()).else_(changed)


def _simple_steps(value: exp.Expr, steps: frozenset[str]) -> exp.Expr:
    if "lower" in steps:
        value = _call("lower", value)
    if "symbols" in steps:
        value = _replace(value, _PUNCTUATION, "")
    if "whitespace" in steps:
        value = _replace(value, _SPACE, "")
    return value


def _phone(value: exp.Expr) -> exp.Expr:
    """Clean numbers in SQL; the others, few as a rule, in Python."""
    clean = exp.And(
        this=_call("regexp_full_match", value.copy(), phone.CLEAN),
        expression=exp.Not(this=_call("regexp_matches", value.copy(), phone.HOME_ZERO)),
    )
    digits = _call("ltrim", _replace(value.copy(), "[^0-9]", ""), "0")
    return exp.case().when(clean, digits).else_(_call("phone_digits", value.copy()))


def _words(column: exp.Expr, *, organization: bool, joined: bool) -> exp.Expr:
    """Lower case, ASCII, one space between words: O'Brien is obrien, Anne-Marie is two words.

    J.R. is two words in a name of a person, and one where letters with a dot are an abbreviation (`joined`): N.W. is nw.
    """
    other = _replace(column.copy(), organizations.ASIAN, " ") if organization else column.copy()
    value = _call("lower", only_other_letters(column, _call("to_ascii", _replace(other, _PICTURES, " "))))
    value = _replace(value, _APOSTROPHES, "")
    if organization:
        value = _replace(value, "&", " and ")
    if joined:
        value = _replace(_replace(value, r"\b([a-z])/([a-z])\b", r"\1\2"), r"\b([a-z])\.", r"\1")
    value = _replace(_replace(value, _PUNCTUATION, " "), _SPACE, " ")
    return _call("nullif", _call("trim", value), "")


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
