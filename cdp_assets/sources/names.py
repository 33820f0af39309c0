"""Names of columns in messages: which may be shown, and which one a name that is missing most likely is."""

import unicodedata
from collections.abc import Collection, Sequence

from cdp_assets.config.problems import nearest

_DIGITS = 3  # more of them are a telephone number, a date or an id


def showable(name: str) -> bool:
    """Whether a name may be shown at all: an address, a number of a person or a character nobody sees is no name."""
    unseen = any(unicodedata.category(letter).startswith("C") for letter in name)
    return not unseen and "@" not in name and sum(letter.isdigit() for letter in name) <= _DIGITS


def like(column: str, names: Sequence[str], *, similar: bool) -> str | None:
    """The name that is this column but for capital letters and punctuation; where `similar` is said, also the nearest one."""
    safe = [name for name in names if showable(name)]
    same = sorted(name for name in safe if _folded(name) and _folded(name) == _folded(column))
    return same[0] if same else nearest(column, safe) if similar else None


def hint(column: str, columns: Sequence[str], wanted: Collection[str]) -> str:
    """What to say after a column that is missing. A name is shown only where the columns surely are names.

    Without a line of column names, the first line is somebody's record.
    """
    has_names = any(name in wanted for name in columns)
    if near := like(column, columns, similar=has_names):
        return f' Did you mean "{near}"?'
    if has_names:
        return f" None of its columns ({len(columns)}) has a name like it that may be shown."
    return f" None of its columns ({len(columns)}) has a name that cdp.yaml asks for: does it have a line of column names?"


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
