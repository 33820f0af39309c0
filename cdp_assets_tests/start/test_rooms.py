"""What the first configuration is built on: the configuration, the lake and the station that reads files; no orchestrator."""

import ast
from pathlib import Path

import cdp_assets.start

ALLOWED = {"config", "errors", "lake", "sources", "start"}


def test_it_knows_no_station_but_sources_and_no_dagster() -> None:
    for file in Path(cdp_assets.start.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                assert not parts[0].startswith("dagster"), file.name
                assert parts[0] != "cdp_assets" or parts[1] in ALLOWED, (file.name, node.module)
