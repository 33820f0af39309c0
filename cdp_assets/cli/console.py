"""The one console that commands print to."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

WIDTH, WIDE = 140, 160
"""Columns where the output is no terminal, such as a file or a pipe; of tables with many columns."""


def plain_console(width: int = WIDTH, *, errors: bool = False) -> "Console":
    """A console that prints every text as it is: keys and values of records may look like markup (`[red]`) or an emoji (`a:b:`).

    `errors`: what is printed goes to the standard error, where there is no width to keep.
    """
    from rich.console import Console

    fixed = None if errors or sys.stdout.isatty() else width
    return Console(width=fixed, stderr=errors, markup=False, emoji=False, highlight=False)
