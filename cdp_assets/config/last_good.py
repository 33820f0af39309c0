"""The last configuration that was valid, kept beside the store: what runs already goes on with it while cdp.yaml is broken."""

import os
from pathlib import Path

from cdp_assets.config.loader import FILE, Project, load_project, project_folder, project_of
from cdp_assets.config.problems import ConfigError

LOADED = "CDP_LOADED"
"""Set by a code location that has loaded its project, so that the processes of its runs know that they belong to one."""


def last_good_file(store: Path) -> Path:
    """Where the text of the last valid cdp.yaml is kept."""
    return store / "config" / f"last_good_{FILE}"


def load_last_good(folder: Path | None = None) -> tuple[Project, ConfigError | None]:
    """The project; where its cdp.yaml is broken, as its last good configuration has it, and what is wrong with the present one.

    Raises the ConfigError where there is no last good one either.
    """
    try:
        return load_project(folder), None
    except ConfigError as error:
        found = project_folder(folder)
        kept = last_good_file(found / ".cdp")
        try:
            return project_of(found, kept.read_bytes()), error
        except (OSError, ConfigError):
            raise error from None


def load_for_run() -> tuple[Project, ConfigError | None]:
    """The project of a code location; the last good one only in a process of a run that a loaded code location starts."""
    return load_last_good() if os.environ.get(LOADED) else (load_project(), None)
