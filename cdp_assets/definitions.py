"""The code location: the definitions of the project that CDP_PROJECT names, of `data/demo` without it.

Another Dagster project imports `build_defs` and calls it with its own project; importing loads none. A broken cdp.yaml gives its
messages as the location's load error.
"""

import dagster as dg

from cdp_assets.config import load_project
from cdp_assets.orchestration.build import build_defs, code_location

__all__ = ["build_defs", "defs"]


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return code_location(load_project())
