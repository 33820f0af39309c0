"""What a decision on two records would do, asked before it is taken: who would be whom, and which ids would change.

The pipeline's own stages are run over the part that the decision can reach: all records that are connected with the two
through any edge, refused ones too, because a link that was refused may be allowed afterwards. What else has an id in
common with them takes part as it is when the ids are given.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.config import ProjectConfig
from cdp_assets.errors import UserError
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.identity import again, clusters, configured, overrides, registry
from cdp_assets.identity.registry_tables import CONFIGURED_IDS, CUSTOMER_IDS
from cdp_assets.identity.rules import event_sources, record_sources
from cdp_assets.identity.stated import UNKNOWN
from cdp_assets.identity.tables import CLUSTERS, MATCH_EDGES, MATCH_OVERRIDES
from cdp_assets.identity.terms import terms_read
from cdp_assets.identity.visitors import IDENTITIES
from cdp_assets.lake import Source, Table, no_values_in_errors, session
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets.lake.source import literal

Record = tuple[str, str]
"""A record or visitor: its source and its key."""
Verdict = Literal["accept", "reject", "undo"]
MOST_RECORDS = 5_000
"""How many records a decision may reach; with more, the limits of the guards are what should be looked at first."""


@dataclass(frozen=True)
class Outlook:
    """What a decision would do to the records that it reaches: record -> customer id, before and after.

    None: no profile. `used` says of the decision itself whether it would count, or why not (a state of match_overrides);
    `no_effect`: why it would count and do nothing all the same.
    """

    before: dict[Record, str | None]
    after: dict[Record, str | None]
    used: str
    against: str | None
    """File and line of the list that says the contrary, if one does."""
    former: frozenset[str]
    """The ids of after that were given out before, though nobody holds them now."""
    no_effect: str | None = None

    @property
    def moved(self) -> dict[Record, tuple[str | None, str | None]]:
        """The records whose id would change, with both ids."""
        return {r: (self.before.get(r), self.after.get(r)) for r in sorted(self.before) if self.before.get(r) != self.after.get(r)}

    @property
    def touched(self) -> tuple[str, ...]:
        """The ids of now whose records would not stay the same."""
        ids = {each for each in self.before.values() if each}
        return tuple(sorted(i for i in ids if self._members(self.before, i) != self._members(self.after, i)))

    @staticmethod
    def _members(ids: dict[Record, str | None], customer_id: str) -> set[Record]:
        return {record for record, its in ids.items() if its == customer_id}


def subject(config: ProjectConfig, pair: tuple[Record, Record]) -> str:
    """The subject of decisions on two records: a digest, the same whichever is named first."""
    one, other = sorted(pair)
    return hashlib.md5("\0".join((config.customers.section, *one, *other)).encode(), usedforsecurity=False).hexdigest()


def outlook(
    config: ProjectConfig,
    read: Callable[[str], Source],
    work: Path,
    pair: tuple[Record, Record],
    verdict: Verdict,
    *,
    memory: int,
    decided: bool = False,
) -> Outlook:
    """What would follow from the verdict. `read` gives a table of customers by its name (of accounts and contacts their own).

    `decided`: a decision on the two stands, so that it may be taken back or turned round although a record has vanished since.
    Raises UserError where another record does not exist, or too many would have to be looked at.
    """
    with no_values_in_errors("decisions"), session(work / "spill", memory=memory) as connection:
        before, missing = _reached(connection, read, pair)
    if missing and (verdict == "accept" or not decided):
        raise UserError(f"There is no record of {missing[0][0]} with that key in the last refresh.")
    nodes = work / "reached.parquet"
    columns = {"source": pa.array([s for s, _ in before], pa.string()), "record_key": pa.array([k for _, k in before], pa.string())}
    pq.write_table(pa.table(columns), nodes)
    inputs = _inputs(config, read, nodes, pair, verdict)
    own_ids = configured.stages(config) if config.customers.id else []
    judged = [*overrides.stages([config]), *again.stages(config), *clusters.stages(config)]
    made = dict(DuckDBEngine(memory=memory, threads=1).run([*judged, *own_ids], inputs, work / "into", work / "work"))
    sources = {table: files.source() for table, files in made.items()}
    with no_values_in_errors("decisions"), session(work / "spill", memory=memory) as connection:
        inputs |= _with_others(connection, read, nodes, sources, work, configured=bool(own_ids))
    given = registry.stages(configured=bool(own_ids))
    made |= DuckDBEngine(memory=memory, threads=1).run(given, inputs, work / "into", work / "work")
    with no_values_in_errors("decisions"), session(memory=memory) as connection:
        held = f"select source, record_key, customer_id from ({made[CUSTOMER_IDS.name].source().sql}) where held"
        after = {(s, k): i for s, k, i in connection.execute(held).fetchall()}
        given_up = f"select customer_id from ({inputs['customer_ids_before'].sql}) group by customer_id having not bool_or(held)"
        former = frozenset(i for [i] in connection.execute(given_up).fetchall()) & frozenset(after.values())
        stated = made[MATCH_OVERRIDES.name].source().sql
        state = f"select state, contradicted_by from ({stated}) where origin = 'decision' and entry = {literal(subject(config, pair))}"
        found = connection.execute(state).fetchall()
        refused = _refused(connection, made[MATCH_EDGES.name].source(), pair) if verdict == "accept" else None
    used, against = found[0] if found else ("nothing stated", None)
    no_effect = UNKNOWN if missing and verdict == "reject" else refused
    return Outlook(before, {record: after.get(record) for record in before}, used, against, former, no_effect)


def _refused(connection: duckdb.DuckDBPyConnection, edges: Source, pair: tuple[Record, Record]) -> str | None:
    """Why what people say of the two would not join them; None: it would."""
    mine = "kind = 'always' and status = 'refused'"
    rows = connection.execute(f"select left_source, left_key, right_source, right_key, reason from ({edges.sql}) where {mine}").fetchall()
    return next((reason for *ends, reason in rows if {tuple(ends[:2]), tuple(ends[2:])} == set(pair)), None)


def _reached(
    connection: duckdb.DuckDBPyConnection, read: Callable[[str], Source], pair: Sequence[Record]
) -> tuple[dict[Record, str | None], list[Record]]:
    """The records that are connected with the two, with the customer ids that they hold; and who of the two does not exist."""
    connection.execute("create temp table reached (source varchar, record_key varchar, round integer)")
    connection.executemany("insert into reached values (?, ?, 0)", list(dict.fromkeys(pair)))
    edges, clustered = read(MATCH_EDGES.name).sql, read(CLUSTERS.name).sql
    step = f"""
        insert into reached
        select distinct n.source, n.record_key, cast($round + 1 as integer)
        from (
            select e.right_source as source, e.right_key as record_key from ({edges}) as e
            where (e.left_source, e.left_key) in (select source, record_key from reached where round = $round) and e.status <> 'review'
            union all
            select e.left_source, e.left_key from ({edges}) as e
            where (e.right_source, e.right_key) in (select source, record_key from reached where round = $round) and e.status <> 'review'
        ) as n anti join reached as r on r.source = n.source and r.record_key = n.record_key
    """
    number, size = 0, len(set(pair))
    while True:
        connection.execute(step, {"round": number})
        grown = connection.execute("select count(*) from reached").fetchall()[0][0]
        if grown == size:
            break
        number, size = number + 1, grown
        if size > MOST_RECORDS:
            raise UserError(
                f"More than {MOST_RECORDS:,} records are connected with these two: no decision on one pair can be foreseen there. "
                "A rule or a value joins too many people: see `cdp review customers`, and `guards` of docs/configuration.md."
            )
    held = f"select source, record_key, customer_id from ({read(CUSTOMER_IDS.name).sql}) where held"
    rows = connection.execute(
        f"select r.source, r.record_key, c.record_key is not null, h.customer_id from reached as r "
        f"left join ({clustered}) as c on c.source = r.source and c.record_key = r.record_key "
        f"left join ({held}) as h on h.source = r.source and h.record_key = r.record_key order by 1, 2"
    ).fetchall()
    missing = [(source, key) for source, key, exists, _ in rows if not exists and (source, key) in pair]
    return {(source, key): customer_id for source, key, _, customer_id in rows}, missing


def _inputs(
    config: ProjectConfig, read: Callable[[str], Source], nodes: Path, pair: tuple[Record, Record], verdict: Verdict
) -> dict[str, Source]:
    """What the stages read: of records, edges and ids only what is reached, of decisions the new one too."""
    reached = f"select source, record_key from read_parquet({literal(str(nodes))})"

    def some(table: str, source: str, key: str, named: str | None = None) -> Source:
        its = read(table)
        mine = Table(named or table, its.table.grain, (), its.table.columns)
        return Source(mine, f"select * from ({its.sql}) where ({source}, {key}) in ({reached})")

    records = record_sources(config)
    result = {name: read(name) for name in overrides.reads([config])}
    for source in records:
        result[f"deduplicated_{source}"] = some(f"deduplicated_{source}", literal(source), "record_key")
    if event_sources(config):
        result[IDENTITIES] = some(IDENTITIES, "source", "visitor_id")
    result |= {name: read(name) for name in terms_read(config)}
    result[again.BEFORE] = some(MATCH_EDGES.name, "left_source", "left_key", again.BEFORE)
    result[DECISIONS.name] = _with(config, read(DECISIONS.name), pair, verdict)
    return result


def _with_others(
    connection: duckdb.DuckDBPyConnection,
    read: Callable[[str], Source],
    nodes: Path,
    made: dict[str, Source],
    work: Path,
    *,
    configured: bool,
) -> dict[str, Source]:
    """What the registry reads: of the reached records as they would be, and of all that have an id in common with them as they are.

    Others may hold an id that a reached record held, or have been with it when it was given up, or ask for the same one.
    """
    reached = f"select source, record_key from read_parquet({literal(str(nodes))})"
    ids, clustered = read(CUSTOMER_IDS.name).sql, read(CLUSTERS.name).sql
    kin = f"""
        select source, record_key from ({ids})
        where customer_id in (select customer_id from ({ids}) where (source, record_key) in ({reached}))
    """
    outside = f"select * from ({clustered}) where (source, record_key) not in ({reached})"
    wanted = f"select cluster_id from ({outside}) where (source, record_key) in ({kin})"
    asking = ""
    if configured:
        asking = f"select i.* from ({read(CONFIGURED_IDS.name).sql}) as i semi join ({outside}) as o on o.cluster_id = i.cluster_id"
        wanted += (
            f" union select cluster_id from ({asking}) where customer_id in (select customer_id from ({made[CONFIGURED_IDS.name].sql}))"
        )
    others = work / "others.parquet"
    connection.execute(f"copy (select * from ({outside}) where cluster_id in ({wanted})) to {literal(str(others))} (format parquet)")
    their = f"select * from read_parquet({literal(str(others))})"
    records = f"select source, record_key from ({their}) union {reached}"
    before = f"select * from ({ids}) where customer_id in (select customer_id from ({ids}) where (source, record_key) in ({records}))"
    result = {CLUSTERS.name: f"{made[CLUSTERS.name].sql} union all by name {their}"}
    if configured:
        theirs = f"select * from ({asking}) where cluster_id in (select cluster_id from ({their}))"
        result[CONFIGURED_IDS.name] = f"{made[CONFIGURED_IDS.name].sql} union all by name {theirs}"
    tables = {CLUSTERS.name: CLUSTERS, CONFIGURED_IDS.name: CONFIGURED_IDS}
    known = {name: Source(tables[name], f"select * from ({sql})") for name, sql in result.items()}
    mine = Table("customer_ids_before", CUSTOMER_IDS.grain, (), CUSTOMER_IDS.columns)
    return {**known, mine.name: Source(mine, before)}


def _with(config: ProjectConfig, decisions: Source, pair: tuple[Record, Record], verdict: Verdict) -> Source:
    """The decisions and the new one, as the newest of its subject."""
    values = {
        "decision_id": "outlook",
        "kind": overrides.kind_of(config),
        "subject": subject(config, pair),
        "verdict": verdict,
        "user_name": "outlook",
        "left_source": pair[0][0],
        "left_key": pair[0][1],
        "right_source": pair[1][0],
        "right_key": pair[1][1],
    }
    mine = ", ".join(f"cast({literal(value)} as varchar) as {column}" for column, value in values.items())
    sql = f"""{decisions.sql} union all by name select {mine}, cast('9999-12-31' as timestamp) as "at" """
    return Source(decisions.table, f"select * from ({sql})")
