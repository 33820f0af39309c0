"""Profiles with several records of one source. Nearly none has them, so that all others are found without sorting or grouping values."""

from collections.abc import Sequence

from cdp_assets.lake.source import name

SEVERAL = "several records of one source"
"""The expression with the ids of such profiles; no field or source of the configuration has a space in its name."""


def several_of(source: str) -> str:
    """The name of the expression with the ids of profiles that have several records of this source."""
    return f"several of {source}"


def having_several(source: str) -> str:
    """SQL of that expression; it reads the stage `values_<source>`."""
    return f"select customer_id from {name(f'values_{source}')} group by customer_id having count(*) > 1"


def several_of_any(sources: Sequence[str]) -> str:
    """SQL of SEVERAL: ids of profiles that have several records of at least one of these sources."""
    return " union ".join(having_several(source) for source in sources)


def records_of_several(source: str) -> str:
    """The name of the expression with the records of a source in such profiles."""
    return f"records of {source} among several"


def having_records(source: str) -> str:
    """SQL of that expression; it reads the stage `values_<source>` and SEVERAL."""
    return f"select * from {name(f'values_{source}')} where customer_id in (select customer_id from {name(SEVERAL)})"
