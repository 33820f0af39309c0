"""The whole of cdp.yaml: the sections in the order of the lineage."""

from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, model_validator

from cdp_assets.config.base import RefusedError, Section, SourceName
from cdp_assets.config.customers import Customers
from cdp_assets.config.engine import Engine
from cdp_assets.config.roles import Roles
from cdp_assets.config.schedule import Schedule
from cdp_assets.config.sources import Source
from cdp_assets.config.web import Web


def with_defaults(written: Any) -> Any:
    """The document as written, with the order of the sources as match_order where it states none."""
    if not isinstance(written, dict):
        return written
    sources, customers = written.get("sources"), written.get("customers", {})
    if not sources or not isinstance(sources, dict) or not isinstance(customers, dict) or "match_order" in customers:
        return written
    return {**written, "customers": {**customers, "match_order": list(sources)}}


def _version(written: Any) -> Any:
    if type(written) is not int or written != 1:
        raise RefusedError("this program reads version 1 of the file", allowed=["1"])
    return written


class ProjectConfig(Section):
    """The configuration of a project. Only ``parse_config`` and ``load_project`` check one section against another."""

    version: Annotated[Literal[1], BeforeValidator(_version)]
    """The version of the file's form."""
    engine: Engine = Engine()
    roles: Roles = Roles()
    sources: Annotated[dict[SourceName, Source], pydantic.Field(min_length=1)]
    """What is read, by the name of the source."""
    customers: Customers = Customers()
    schedule: Schedule = Schedule()
    web: Web = Web()

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, written: Any) -> Any:
        return with_defaults(written)
