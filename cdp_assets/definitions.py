"""The code location: the definitions of the project that CDP_PROJECT names, of `data/demo` without it.

Another Dagster project imports `build_defs` and calls it with its own project; importing loads none. A broken cdp.yaml gives its
messages as the location's load error; a run that a location starts which has loaded before goes on with the last good one.
"""

import dagster as dg

from cdp_assets.config.last_good import load_for_run
from cdp_assets.orchestration.build import build_defs, code_location
from cdp_assets.orchestration.last_good import loaded

__all__ = ["build_defs", "defs"]


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    project, broken = load_for_run()
    if broken is not None:
        dg.get_dagster_logger("cdp").warning(f"{broken.message}\nThis run goes on with the last good configuration.")
    made = code_location(project)
    loaded(project)
    return made
