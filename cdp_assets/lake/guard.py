"""Errors of DuckDB and delta-rs put cell values into their texts; here they are re-raised without text and cause."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from deltalake import exceptions as delta

from cdp_assets.errors import UserError

_BROKEN = re.compile(r"no such file|not found|no files found|no magic bytes|json error", re.IGNORECASE)
_OF_TABLE = re.compile(r"/\.cdp/lake/([a-z0-9_]+)/")


class EngineError(UserError):
    """A computation failed; the message names the place and the kind of failure, never a value."""


class CommitConflictError(UserError):
    """Somebody else committed to the table since it was read."""


def _message(place: str, error: BaseException) -> str:
    kind = type(error).__name__
    if "No space left" in str(error) or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return f"{place}: the disk is full. Free some space and refresh again; nothing was written in part."
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{place}: the memory of `engine.memory` in cdp.yaml was not enough. Raise it, or free disk space for spilling."
    if isinstance(error, PermissionError) or "Permission denied" in str(error):
        return f"{place}: no permission to read or write below the project's folder. Check its owner and rights."
    if _BROKEN.search(str(error)) and (table := _table(place, error)) is not None:
        return (
            f"{place}: a file of the table {table} below .cdp/lake/{table} is missing or damaged. Put it back from a backup. Without one "
            "remove that folder: the next refresh makes the table again, but for what only its history knew, such as who held which id."
        )
    return (
        f"{place}: {kind}. The text of the error is withheld, because it can hold values of your records. "
        "If your files changed, `cdp validate` and the table `quarantine` say more."
    )


def _table(place: str, error: BaseException) -> str | None:
    """The table of the lake whose file an error names, or at which it came; delta-rs says of a damaged log only that it is one."""
    found = _OF_TABLE.search(str(error))
    if found is not None:
        return found[1]
    return place if isinstance(error, delta.DeltaError) and place.isidentifier() else None


@contextmanager
def no_values_in_errors(place: str) -> Iterator[None]:
    """Run a block at `place` (a table or stage) so that no exception leaves it with a cell's value in its text."""
    try:
        yield
    except delta.CommitFailedError as error:
        _scrub(error)
        raise CommitConflictError(
            f"{place}: another run committed to this table in the meantime, so this result was not written. Refresh again."
        ) from None
    except (duckdb.Error, delta.DeltaError, OSError) as error:
        message = _message(place, error)
        _scrub(error)
        raise EngineError(message) from None


def _scrub(error: BaseException) -> None:
    """Empty the text of the original too: Python keeps it reachable as the context of the new exception."""
    error.args = ("text withheld: it can hold values of records",)
