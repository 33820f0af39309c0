"""The section ``web``: where the pages are served."""

from typing import Annotated

import pydantic
from pydantic import StrictInt

from cdp_assets.config.base import Section, Text


class Web(Section):
    """Where the pages are served."""

    host: Text = "127.0.0.1"
    """The address that is listened on; 127.0.0.1 is this machine alone."""
    port: Annotated[StrictInt, pydantic.Field(ge=1, le=65535)] = 8080
    """The port."""
