"""The section ``engine``: what does the work, and how much of the machine it may take."""

import re
from typing import Annotated, Literal

import pydantic
from pydantic import AfterValidator, StrictInt

from cdp_assets.config.base import RefusedError, Section

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZE = re.compile(rf"(\d{{1,9}}(?:\.\d{{1,3}})?) ?({'|'.join(_UNITS)})")
_LEAST = 256 * 2**20


def _bytes(size: str) -> int:
    found = _SIZE.fullmatch(size)
    if not found:
        raise RefusedError("is not a size", allowed=["a number and a unit, such as 4GiB or 512MiB"])
    return int(float(found[1]) * _UNITS[found[2]])


def _size(size: str) -> str:
    if _bytes(size) < _LEAST:
        raise RefusedError("is too little to work with", allowed=["256MiB or more"])
    return size


class Engine(Section):
    """What does the work."""

    kind: Literal["duckdb"] = "duckdb"
    """duckdb: on this machine."""
    memory: Annotated[str, AfterValidator(_size)] = "4GiB"
    """The memory that one step may take, such as 4GiB; what does not fit is spilled to disk."""
    threads: Annotated[StrictInt, pydantic.Field(ge=1, le=1024)] | None = None
    """The threads that one step may take; without it all of the machine's."""

    @property
    def memory_bytes(self) -> int:
        """``memory`` in bytes."""
        return _bytes(self.memory)
