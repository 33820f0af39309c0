"""The code location: the definitions of the project that CDP_PROJECT names, of `data/demo` without it.

Another Dagster project calls `build_defs` itself. A broken cdp.yaml gives its messages as the location's load error.
"""

from cdp_assets.config import load_project
from cdp_assets.orchestration.build import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs(load_project())
