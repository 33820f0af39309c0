"""Ties go to the greatest key, and keys are compared by their type: 10 is greater than 9.

A key stands everywhere as text. Where the source's key is an integer, this is its number; a record is compared by it first.
"""

from collections.abc import Iterable

from sqlglot import exp

from cdp_assets.config import ProjectConfig, RecordsSource
from cdp_assets.lake.source import literal


def is_number(config: ProjectConfig, source: str) -> bool:
    """Whether the source's key is an integer."""
    its = config.sources[source]
    return isinstance(its, RecordsSource) and its.fields[its.primary_key].data_type == "bigint"


def key_number(config: ProjectConfig, source: str, column: exp.Expr) -> exp.Expr:
    """The number that a key of this source stands for; null where its keys are text."""
    kind = exp.DataType.build("bigint")
    return exp.TryCast(this=column, to=kind) if is_number(config, source) else exp.cast(exp.null(), kind)


def greatest_first(config: ProjectConfig, sources: Iterable[str], source: str, key: str) -> str:
    """What to order by, in SQL, so that of several records of one source the greatest key comes first; `source` and `key` are columns."""
    numbered = [literal(each) for each in sources if is_number(config, each)]
    number = f"case when {source} in ({', '.join(numbered)}) then try_cast({key} as bigint) end desc nulls last, " if numbered else ""
    return f"{number}{key} desc"
