"""Ids over a history of clusters, in few letters: a record is a letter, a cluster a word, an id `a0` = base a, generation 0."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import md5

import duckdb
import pyarrow as pa

from cdp_assets.identity import registry
from cdp_assets.identity.registry_tables import CONFIGURED, CONFIGURED_IDS, CUSTOMER_IDS
from cdp_assets.lake import Check, Stage
from cdp_assets.lake.source import casts

SOURCE = "crm"
NO_IDS = CUSTOMER_IDS.arrow_schema().empty_table()


def clusters(*words: str) -> pa.Table:
    """Clusters as the step before leaves them; a word that begins with `-` is a cluster without a profile."""
    rows = [
        {
            "source": SOURCE, "record_key": letter, "cluster_id": f"cluster {word}", "smallest_record": f"{SOURCE}|{min(word.lstrip('-'))}",
            "has_profile": not word.startswith("-"),
        }
        for word in words for letter in word.lstrip("-")
    ]  # fmt: skip
    types = {"source": pa.string(), "record_key": pa.string(), "cluster_id": pa.string(), "smallest_record": pa.string()}
    return pa.Table.from_pylist(rows, schema=pa.schema({**types, "has_profile": pa.bool_()}))


def run(stages: Sequence[Stage], **tables: pa.Table) -> pa.Table:
    """The last stage's rows in the order of their key; in memory, because there are thousands of these small runs."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        for stage in stages:
            if callable(stage.body):
                made = stage.body({name: connection.table(name).to_arrow_table() for name in stage.reads}, stage.params)
            else:
                made = connection.sql(stage.sql() or "").to_arrow_table()
            connection.register(stage.name, made)
        last = stages[-1].writes
        return connection.sql(f"select {casts(last)} from {last.name} order by {', '.join(last.sort_key)}").to_arrow_table()


def advance(before: pa.Table, now: pa.Table) -> pa.Table:
    """The next version of the registry."""
    return run(registry.stages(), customer_ids_before=before, clusters=now)


def asked(now: pa.Table, values: Mapping[str, str]) -> pa.Table:
    """What clusters ask for: the values of `id` by the smallest record of the cluster, as the step before leaves them."""
    found = {row["smallest_record"]: row["cluster_id"] for row in now.to_pylist() if row["has_profile"]}
    size = Counter(now["cluster_id"].to_pylist())
    rows = [
        {
            "cluster_id": found[record], "smallest_record": record, "records": size[found[record]],
            "base_record": f"{CONFIGURED}{value}", "customer_id": md5(f"{CONFIGURED}{value}|0".encode()).hexdigest(),
            "clusters": list(values.values()).count(value),
        }
        for record, value in ((f"{SOURCE}|{letter}", value) for letter, value in values.items())
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=CONFIGURED_IDS.arrow_schema())


def advance_with(before: pa.Table, now: pa.Table, values: Mapping[str, str]) -> pa.Table:
    """The next version of the registry where clusters ask for ids."""
    return run(registry.stages(configured=True), customer_ids_before=before, clusters=now, configured_ids=asked(now, values))


@cache
def history(*worlds: tuple[str, ...]) -> pa.Table:
    """The registry after these worlds, one after another."""
    return advance(history(*worlds[:-1]), clusters(*worlds[-1])) if worlds else NO_IDS


def label(row: dict[str, object]) -> str:
    """The short name of a row's id."""
    base = str(row["base_record"])
    return base.removeprefix(CONFIGURED) if base.startswith(CONFIGURED) else f"{base.removeprefix(SOURCE + '|')}{row['generation']}"


def held(ids: pa.Table) -> dict[str, str]:
    """Who holds which id now: id -> word."""
    found: dict[str, str] = defaultdict(str)
    for row in ids.to_pylist():
        if row["held"]:
            found[label(row)] += row["record_key"]
    return dict(found)


def redirects(ids: pa.Table) -> dict[str, str | None]:
    """Where the ids without a holder lead."""
    names = {row["customer_id"]: label(row) for row in ids.to_pylist()}
    rows = run(registry.redirect_stages(), customer_ids=ids).to_pylist()
    return {names[row["customer_id"]]: names.get(row["surviving_customer_id"]) for row in rows}


def violations(checks: list[Check], **tables: pa.Table) -> dict[str, int]:
    """The answers of the checks over these tables."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        return {check.name: connection.execute(check.sql).fetchall()[0][0] for check in checks}
