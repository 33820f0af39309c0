"""The part `merge` of customers, accounts and contacts: which source's value of a field goes into the profile."""

from typing import Annotated

import pydantic

from cdp_assets.config.base import Section


class Merge(Section):
    """Which source's value of a field goes into the profile."""

    importance: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    """Sources in the order of their weight: the first one that has a value wins."""
