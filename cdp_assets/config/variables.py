"""Names of environment variables: what is secret, or differs from machine to machine, stands in one and never in cdp.yaml."""

import re
from typing import Annotated

from pydantic import AfterValidator

from cdp_assets.config.base import RefusedError

_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_LONGEST = 64


def _variable(value: str) -> str:
    if not _NAME.fullmatch(value) or len(value) > _LONGEST:
        raise RefusedError(
            "must be the name of an environment variable, never what it holds: if this was a secret, make a new one",
            allowed=["a name in capital letters, digits and single underscores, such as CDP_ALERT_WEBHOOK"],
        )
    return value


Variable = Annotated[str, AfterValidator(_variable)]
