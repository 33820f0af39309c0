"""The configuration of a project: cdp.yaml as typed, frozen models, and messages for people where it is wrong.

One module a section. The only way in is ``load_project`` (``parse_config`` for text); nothing here knows of tables.
"""

from cdp_assets.config.customers import Customers, MatchRule
from cdp_assets.config.dedupe import Dedupe, DedupeRule
from cdp_assets.config.engine import Engine
from cdp_assets.config.fields import TYPES, Field
from cdp_assets.config.loader import Project, load_project, parse_config, project_folder
from cdp_assets.config.merge import Merge
from cdp_assets.config.problems import ConfigError, Problem
from cdp_assets.config.project import ProjectConfig
from cdp_assets.config.roles import Role, Roles
from cdp_assets.config.rule_condition import Condition, Sides
from cdp_assets.config.schedule import Schedule
from cdp_assets.config.schema import editor_line, json_schema, write_schema
from cdp_assets.config.sources import AnySource, ConsentsSource, EventsSource, RecordsSource
from cdp_assets.config.web import Web

__all__ = [
    "TYPES",
    "AnySource",
    "Condition",
    "ConfigError",
    "ConsentsSource",
    "Customers",
    "Dedupe",
    "DedupeRule",
    "Engine",
    "EventsSource",
    "Field",
    "MatchRule",
    "Merge",
    "Problem",
    "Project",
    "ProjectConfig",
    "RecordsSource",
    "Role",
    "Roles",
    "Schedule",
    "Sides",
    "Web",
    "editor_line",
    "json_schema",
    "load_project",
    "parse_config",
    "project_folder",
    "write_schema",
]
