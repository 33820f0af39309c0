"""The code location: the definitions of the project that CDP_PROJECT names, of `data/demo` without it.

Another Dagster project calls `build_defs` itself. A broken cdp.yaml gives its messages as the location's load error.
"""

import warnings

import dagster as dg

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from cdp_assets.config import load_project  # noqa: E402 - the warnings above are given while assets are built
from cdp_assets.orchestration.build import build_defs  # noqa: E402

__all__ = ["build_defs", "defs"]

defs = build_defs(load_project())
