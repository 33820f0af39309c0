"""The day that a run is for, held against the day of the last one: what the lake remembers is of its day, and days only go forward.

Who entered a segment when and when a model was trained are days of runs. A system's clock that jumped back would date what follows
before what was: such a run is refused. A day that somebody asks for by name is taken as meant.
"""

import json
from datetime import date

from cdp_assets.errors import UserError
from cdp_assets.lake import Place
from cdp_assets.lake.ledger import replace_text

FILE = "last_day.json"


def last_day(place: Place) -> date | None:
    """The day that the last run was for; None where there was none, or where it cannot be read."""
    try:
        return date.fromisoformat(json.loads((place.store / FILE).read_text())["as_of"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def day_goes_on(place: Place, day: date, *, asked: bool) -> None:
    """UserError where a run for this day, taken from the system's clock (not `asked` for by name), would go back in time."""
    last = last_day(place)
    if last is None or asked or day >= last:
        return
    raise UserError(
        f"The clock of this computer says {day}, but the last run was for {last}. Nothing was changed. "
        f"If the clock is wrong, set it. If it is right and the last run was for a day too late, say the day once by name: "
        f"`cdp refresh --as-of {day}` (in Dagster's UI: the tag cdp/as_of on the run); later runs go on from there."
    )


def remember(place: Place, day: date) -> None:
    """Write down the day of a run that begins. For the holder of the project's lock."""
    if last_day(place) != day:
        replace_text(place.store / FILE, json.dumps({"as_of": day.isoformat()}))
