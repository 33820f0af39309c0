"""The section ``storage``: where Dagster keeps its runs, events and schedules. The tables of the lake are always below the project."""

from cdp_assets.config.base import Section
from cdp_assets.config.variables import Variable


class DagsterStorage(Section):
    """Another place for Dagster's own records than SQLite files below the project."""

    postgres: Variable
    """The name of the environment variable with the address of a PostgreSQL database (postgresql://user:password@host:port/database)."""


class Storage(Section):
    """Where the state of others than the lake is."""

    dagster: DagsterStorage | None = None
    """A PostgreSQL database for Dagster's runs, events and schedules; without it they are SQLite files in .cdp/dagster."""
