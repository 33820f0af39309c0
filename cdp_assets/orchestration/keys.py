"""How things of ours are called in Dagster, where another Dagster project may have things of its own: the prefix, in one place.

Without a prefix an asset has its table's name and a job its own. With `("shop",)` the asset of a table is `shop/crm`, and what has no
path in Dagster (jobs, schedules, sensors, groups, the resource, operations of checks) is `shop__refresh`, as Dagster itself names the
operations of assets.
"""

import re
from collections.abc import Sequence

import dagster as dg

from cdp_assets.errors import UserError

Prefix = tuple[str, ...]
SEPARATOR = "__"
RUN = "cdp_run"
"""The resource through which a step sees the lake, before the prefix."""
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def prefix_of(given: str | Sequence[str]) -> Prefix:
    """The parts of a prefix as they are given; UserError for one that cannot stand in the name of a job."""
    parts = (given,) if isinstance(given, str) else tuple(given)
    for part in parts:
        if not _PART.fullmatch(part) or SEPARATOR in part or part.endswith("_"):
            raise UserError(
                f"key_prefix: {part!r} cannot be part of the names of jobs and groups. Allowed are a letter, then letters, digits and "
                'single underscores between them. A prefix of several parts is a list, such as ["marketing", "shop"].'
            )
    return parts


def asset_key(table: str, prefix: Prefix = ()) -> dg.AssetKey:
    """The asset of a table."""
    return dg.AssetKey([*prefix, table])


def table_of(key: dg.AssetKey) -> str:
    """The table of one of our assets."""
    return key.path[-1]


def named(name: str, prefix: Prefix = ()) -> str:
    """The name of a job, schedule, sensor, group, check operation or resource."""
    return SEPARATOR.join([*prefix, name])


def own_name(given: str, prefix: Prefix = ()) -> str:
    """The other way round: what `named` made of; empty text for a name that is not ours."""
    start = "".join(f"{part}{SEPARATOR}" for part in prefix)
    return given.removeprefix(start) if given.startswith(start) else ""
