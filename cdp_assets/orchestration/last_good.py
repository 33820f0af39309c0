"""Remembering the configuration that was loaded, so that what runs goes on with it when cdp.yaml is broken later."""

import contextlib
import os

from cdp_assets.config import Project
from cdp_assets.config.last_good import LOADED, last_good_file
from cdp_assets.lake.ledger import replace_text


def remember(project: Project) -> None:
    """Keep the project's configuration as the last good one. Where the store cannot be written, the one before stays."""
    file = last_good_file(project.store)
    with contextlib.suppress(OSError):
        # as bytes: what is kept may be damaged, and then it is not text
        if project.text and not (file.is_file() and file.read_bytes() == project.text.encode()):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_text(file, project.text)


def loaded(project: Project) -> None:
    """Say that this process is a code location that has loaded its project: the runs that it starts may use the last good one."""
    remember(project)
    os.environ[LOADED] = "1"
