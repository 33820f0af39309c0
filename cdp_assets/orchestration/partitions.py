"""The one daily partitions definition: Dagster refuses a job over two different ones."""

from datetime import date

import dagster as dg

from cdp_assets.config import EventsSource, ProjectConfig

FALLBACK = date(2020, 1, 1)


def daily(config: ProjectConfig) -> dg.DailyPartitionsDefinition:
    """Days from the first day of any event source up to and with today (UTC)."""
    first = min((s.first_day for s in config.sources.values() if isinstance(s, EventsSource)), default=FALLBACK)
    return dg.DailyPartitionsDefinition(start_date=first.isoformat(), end_offset=1)
