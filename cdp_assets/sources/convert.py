"""From the text of a cell to a typed value, and what is said when it is none. Only single values; rows are in typed.py.

Nothing is guessed: text becomes a value only where it is written as the configuration says, and what DuckDB's casts would
let pass besides (`1_000`, `0x10`, `epoch`, rounding 12.5 to 13) is refused.
"""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from cdp_assets.config import Field
from cdp_assets.config.fields import IMAGES, PUBLIC_ADDRESS
from cdp_assets.sources.date_forms import with_pattern

TEXT = "varchar"

_FILLED = "nullif(trim(:text), '')"  # text of nothing but spaces is no value
# Tools write ids as floating numbers where some are missing: 1000.0 is the id 1000.
FLOATING_TEXT = (
    "case when :raw = trunc(:raw) and abs(:raw) < 1e15 then cast(cast(:raw as bigint) as varchar)"
    " when isfinite(:raw) then cast(:raw as varchar) end"
)
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
_NUMBER = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"

_BY_TYPE = {
    "bigint": (
        "case when regexp_full_match(:text, '[+-]?[0-9]+([.]0*)?') then try_cast(:text as bigint) end",
        "not a whole number",
    ),
    "decimal(18,2)": (f"case when regexp_full_match(:text, '{_NUMBER}') then try_cast(:text as decimal(18, 2)) end", "not a number"),
    "double": (f"case when regexp_full_match(:text, '{_NUMBER}') then try_cast(:text as double) end", "not a number"),
    "boolean": (
        "case when lower(:text) in ('true', 't', 'yes', 'y', '1', 'false', 'f', 'no', 'n', '0') then try_cast(:text as boolean) end",
        "not true or false",
    ),
    "date": (
        "case when regexp_full_match(:text, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00([.]0+)?)?Z?)?') then try_cast(:text as date) end",
        "not a date as in 2024-12-31 (ISO 8601)",
    ),
    "timestamp": (
        # A cast to timestamp would drop the offset without a word; without one the session's zone counts, which is UTC.
        f"case when regexp_full_match(:text, '{_TIME}') then cast(try_cast(:text as timestamptz) as timestamp) end",
        "not a time as in 2024-12-31T23:59:59Z (ISO 8601)",
    ),
}
# %Y reads 86 for the year 86: four digits are meant.
_BY_PATTERN = "try_strptime(:text, :format) >= '1000-01-01'"
_BY_FORMAT = {
    "date": (f"case when {_BY_PATTERN} then cast(try_strptime(:text, :format) as date) end", "a date"),
    "timestamp": (f"case when {_BY_PATTERN} then cast(try_strptime(:text, :format) as timestamp) end", "a time"),
}
# DuckDB's days go further and know an infinity; outside these years a table could not be read by anybody else.
_YEARS = "0001 to 9999"
_WITHIN = {
    "date": "case when :value between date '0001-01-01' and date '9999-12-31' then :value end",
    "timestamp": "case when :value between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then :value end",
}


@dataclass(frozen=True)
class Conversion:
    """How a column of the raw rows becomes a value: three expressions over these rows.

    `value` is null where there is none or where it cannot be read; `fault` is the reason as text, null where all is well.
    """

    value: exp.Expr
    fault: exp.Expr


def conversion(raw: str, raw_type: str, field: Field) -> Conversion:
    """Convert the raw column of this type (varchar: as written in a CSV file) to the field's type."""
    column = exp.column(raw, quoted=True)
    wanted = field.data_type
    if raw_type == wanted != TEXT:
        return _native(column, wanted)
    if wanted == TEXT:
        its = _text(column, raw_type)
        return _address(its) if field.type in IMAGES else its
    text = node(_FILLED, text=column if raw_type == TEXT else node("cast(:raw as varchar)", raw=column))
    if field.format is not None and raw_type == TEXT:
        template, what = _BY_FORMAT[wanted]
        value, reason = node(template, text=text, format=exp.Literal.string(field.format)), f"not {what} in the format {field.format}"
    else:
        template, reason = _BY_TYPE[wanted]
        value = node(template, text=text)
    if wanted == "double":
        value = node("case when isfinite(:value) then :value end", value=value)
    if wanted in _WITHIN:
        value = node(_WITHIN[wanted], value=value)
    said: exp.Expr = exp.Literal.string(reason)
    if wanted in _BY_FORMAT and raw_type == TEXT:
        said = with_pattern(reason, text, wanted, field.format)
    fault = node("case when :text is not null and :value is null then :said end", text=text, value=value, said=said)
    return Conversion(value, fault)


def node(template: str, **places: exp.Expr) -> exp.Expr:
    """SQL of a fixed shape with expressions in its named places (`:text`)."""
    tree: exp.Expr = exp.replace_placeholders(sqlglot.parse_one(template, dialect="duckdb"), **places)
    return tree


def _when(condition: exp.Expr, reason: str) -> exp.Expr:
    return node("case when :condition then :reason end", condition=condition, reason=exp.Literal.string(reason))


def _text(column: exp.Expr, raw_type: str) -> Conversion:
    if raw_type == "double":
        return Conversion(node(FLOATING_TEXT, raw=column), _finite(column).fault)
    if raw_type in _WITHIN:  # an infinity, or a time that a database's driver has counted over, would be written as some other time
        its = _native(column, raw_type)
        return Conversion(node("cast(:value as varchar)", value=its.value), its.fault)
    if raw_type == TEXT:
        text = node("case when trim(:text) <> '' then :text end", text=column)
    else:
        text = node("cast(:raw as varchar)", raw=column)
    value = node("case when not contains(:text, chr(0)) then :text end", text=text)
    return Conversion(value, _when(node("contains(:text, chr(0))", text=text), "holds a NUL character, which no text has"))


def _native(column: exp.Expr, kind: str) -> Conversion:
    """A value of Parquet that has the field's type already."""
    if kind == "double":
        return _finite(column)
    if kind not in _WITHIN:
        return Conversion(column, exp.null())
    value = node(_WITHIN[kind], value=column)
    what = _BY_FORMAT[kind][1]
    return Conversion(
        value, _when(node(":raw is not null and :value is null", raw=column, value=value), f"not {what} in the years {_YEARS}")
    )


def _address(its: Conversion) -> Conversion:
    """A picture is a public address, which a page may show; anything else, such as a script or a file of somebody's, is none."""
    wrong = node(
        ":value is not null and not regexp_full_match(:value, :pattern)", value=its.value, pattern=exp.Literal.string(PUBLIC_ADDRESS)
    )
    fault = "case when :earlier is not null then :earlier when :wrong then :said end"
    reason = exp.Literal.string("not a public address as in https://www.contoso.example/ann.jpg")
    return Conversion(its.value, node(fault, earlier=its.fault, wrong=wrong, said=reason))


def _finite(column: exp.Expr) -> Conversion:
    """NaN is how some tools write a missing number; infinity is no number."""
    value = node("case when isfinite(:raw) then :raw end", raw=column)
    return Conversion(value, _when(node("isinf(:raw)", raw=column), "not a number"))
