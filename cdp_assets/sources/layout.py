"""How a file of a source is laid out: its columns and their types, and how it is to be read. Only data; found by layouts.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.sources.files import SourceFile


@dataclass(frozen=True)
class Part:
    """A Parquet file behind a layout: its path, the name that rows of it carry, its values of columns that are not inside it."""

    path: Path
    name: str
    constants: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A file and its columns in order.

    `delimiter`, `encoding` and `quote` (empty: none) are those of a CSV file; `types` are DuckDB's in a Parquet file or Delta
    table, and `parts` the files that its rows are in.
    """

    file: SourceFile
    columns: tuple[str, ...]
    delimiter: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    quote: str = '"'
    parts: tuple[Part, ...] = ()

    @property
    def typed(self) -> bool:
        """Whether the file says of which type its columns are."""
        return self.file.format in ("parquet", "delta")
