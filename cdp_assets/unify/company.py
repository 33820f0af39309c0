"""How many records of each source have a say in a profile: where no source has two, all of the profile is one row of a join."""

from collections.abc import Sequence
from typing import Any

from cdp_assets.config import ProjectConfig
from cdp_assets.identity import record_sources
from cdp_assets.lake import Stage, by, intermediate
from cdp_assets.lake.nasty import nasty_rows
from cdp_assets.lake.source import literal, name
from cdp_assets.unify.tables import ALTERNATE_KEYS

COMPANY = "records with their company"
COUNTED = "records of "


def count_column(source: str) -> str:
    """The column that says how many records of a source a profile has; a field of the configuration has no space in its name."""
    return f"{COUNTED}{source}"


def at_most_one(config: ProjectConfig) -> str:
    """The condition that no source has several records that have a say in the profile."""
    return "(" + " and ".join(f"{name(count_column(source))} <= 1" for source in record_sources(config)) + ")"


def company(config: ProjectConfig) -> Stage:
    """Each record that may have a say, with its profile and how many records of each source have a say there."""
    sources = record_sources(config)
    counts = "".join(
        f", count(*) filter (source = {literal(source)}) over (partition by customer_id) as {name(count_column(source))}"
        for source in sources
    )
    writes = intermediate(
        COMPANY,
        "\n".join(
            [
                "source | varchar | of the record",
                "record_key | varchar | key of the record",
                "customer_id | varchar | id of its profile",
                *(f"{count_column(source)} | bigint | records that have a say" for source in sources),
            ]
        ),
    )
    members: dict[str, Sequence[Any]] = {
        "customer_id": [f"c{n}" for n in range(9)], "kind": ["record", "visitor"], "source": sources, "is_winner": [True, True, False],
    }  # fmt: skip
    return Stage(
        COMPANY,
        {"alternate_keys": by("customer_id")},
        f"select source, record_key, customer_id{counts} from alternate_keys where kind = 'record' and is_winner",
        writes,
        nasty=lambda: {"alternate_keys": nasty_rows(ALTERNATE_KEYS.columns, members)},
    )
