"""The section ``upkeep``: how long superseded versions and old runs are kept, and when the upkeep runs by itself."""

from typing import Annotated

import pydantic

from cdp_assets.config.base import Section
from cdp_assets.config.schedule import Cron

LONGEST = 3650
"""Ten years, in days."""


class Upkeep(Section):
    """What the upkeep removes, and when. What tables hold now is never touched."""

    keep_days: Annotated[int, pydantic.Field(strict=True, ge=1, le=LONGEST)] = 30
    """Days for which a superseded version of a table can still be read, from 1 to 3650."""
    keep_runs_days: Annotated[int, pydantic.Field(strict=True, ge=1, le=LONGEST)] = 90
    """Days for which Dagster keeps a run that newer ones have superseded, from 1 to 3650."""
    cron: Cron | None = "0 3 * * 0"
    """Minute, hour, day, month, weekday; null for none. The time zone is that of the section schedule."""
