"""Dagster's instance of a project: its state is in `<project>/.cdp/dagster`, from whatever folder one works."""

import os
from pathlib import Path
from typing import Any

from cdp_assets.config import Project
from cdp_assets.lake import Place
from cdp_assets.lake.ledger import replace_text
from cdp_assets.orchestration import postgres


def settings(state: str, variable: str | None = None) -> dict[str, Any]:
    """The content of dagster.yaml for a state folder; the file at the top of the repository is the same for the demo.

    `variable` names that of the environment with the address of a database that holds Dagster's records instead of SQLite files.
    """
    return {
        "storage": {"postgres": {"postgres_url": {"env": variable}}} if variable else {"sqlite": {"base_dir": state}},
        "local_artifact_storage": {"module": "dagster._core.storage.root", "class": "LocalArtifactStorage", "config": {"base_dir": state}},
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": f"{state}/compute_logs"},
        },
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "concurrency": {"runs": {"max_concurrent_runs": 1}},
        "run_monitoring": {"enabled": True, "start_timeout_seconds": 180},
        "run_retries": {"enabled": True, "max_retries": 1, "retry_on_asset_or_op_failure": False},
    }


def home(project: Project) -> Path:
    """Write the project's dagster.yaml where it is missing or old, and point DAGSTER_HOME at it; the folder.

    Raises what `postgres.ready` does where Dagster's records are in a database that is not.
    """
    storage = project.config.storage.dagster
    variable = storage.postgres if storage else None
    if variable is not None:
        postgres.ready(variable)
    Place(project.store).prepare()
    folder = project.store / "dagster"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = to_yaml(settings(str(folder), variable))
    file = folder / "dagster.yaml"
    if not file.exists() or file.read_text() != text:
        replace_text(file, text)
    os.environ["DAGSTER_HOME"] = str(folder)
    os.environ["CDP_PROJECT"] = str(project.folder)
    return folder


def workspace(project: Project, code: tuple[str, int] | None = None) -> Path:
    """Write the workspace file of the project's one code location; its path. `code`: host and port of the server that holds it."""
    file = home(project) / ("workspace.yaml" if code is None else "workspace_of_server.yaml")
    if code is None:
        location: dict[str, Any] = {"python_module": {"module_name": "cdp_assets.definitions", "location_name": "cdp"}}
    else:
        location = {"grpc_server": {"host": code[0], "port": code[1], "location_name": "cdp"}}
    replace_text(file, to_yaml({"load_from": [location]}))
    return file


def to_yaml(data: dict[str, Any]) -> str:
    """YAML text of plain data."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    stream = StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()
