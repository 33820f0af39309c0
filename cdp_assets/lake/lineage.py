"""Column lineage of a step, read off its statements with sqlglot; a Python body declares its own."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlglot import exp, parse_one
from sqlglot.lineage import Node, lineage

from cdp_assets.lake import digest
from cdp_assets.lake.ledger import replace_text
from cdp_assets.lake.source import Source
from cdp_assets.lake.stage import Stage

Origins = dict[str, list[tuple[str, str]]]  # column -> (input, column) pairs, sorted


def derive(stages: Sequence[Stage], columns: Mapping[str, Sequence[str]]) -> Origins:
    """Where each column of the last stage comes from, through all stages, down to the columns of the outer inputs."""
    known: dict[str, Origins] = {n: {c: [(n, c)] for c in names} for n, names in columns.items()}
    for stage in stages:
        direct = _declared(stage) if stage.sql() is None else _read_off(stage, known)
        known[stage.name] = {
            column.name: sorted({origin for n, c in direct.get(column.name, ()) for origin in known.get(n, {}).get(c, ())})
            for column in stage.writes.columns
        }
    return known[stages[-1].name]


def _declared(stage: Stage) -> dict[str, list[tuple[str, str]]]:
    pairs = {c: [tuple(origin.split(".", 1)) for origin in origins] for c, origins in (stage.lineage or {}).items()}
    return {c: [(p[0], p[1]) for p in found] for c, found in pairs.items()}


def _read_off(stage: Stage, known: Mapping[str, Origins]) -> dict[str, list[tuple[str, str]]]:
    schema: dict[str, object] = {n: dict.fromkeys(known[n], "unknown") for n in stage.reads}
    statement = parse_one(stage.sql() or "", dialect="duckdb")
    nodes = lineage(None, statement, schema, dialect="duckdb")
    assert isinstance(nodes, dict)
    found = {column: _leaves(node) for column, node in nodes.items()}
    lower = {column.name.lower(): column.name for column in stage.writes.columns}
    names = {n: {c.lower(): c for c in known[n]} for n in stage.reads}
    return {
        lower.get(column.lower(), column): [(n, names.get(n, {}).get(c.lower(), c)) for n, c in leaves] for column, leaves in found.items()
    }


def _leaves(root: Node) -> list[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    seen: set[int] = set()
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        open_nodes.extend(node.downstream)
        if not node.downstream and isinstance(node.source, exp.Table):
            column = exp.to_column(node.name).name if "." in node.name else node.name
            found.add((node.source.name, column.strip('"')))
    return sorted(found)


def cached(folder: Path, stages: Sequence[Stage], inputs: Mapping[str, Source]) -> Origins:
    """`derive`, remembered in a small file by the digest of the statements: deriving takes tens of milliseconds."""
    columns = {n: source.table.column_names for n, source in inputs.items()}
    file = folder / f"{digest.of([[digest.of_stage(stage) for stage in stages], columns])}.json"
    try:
        return {c: [(o[0], o[1]) for o in origins] for c, origins in json.loads(file.read_text()).items()}
    except (OSError, ValueError):
        origins = derive(stages, columns)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_text(file, json.dumps(origins))
    return origins
