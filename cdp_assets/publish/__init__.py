"""Publishing: a read-only, versioned DuckDB file with all that the pages read, made only of tables that belong together."""

from cdp_assets.publish.pointer import FILE, Pointer, read_pointer
from cdp_assets.publish.snapshot import Published, publish, versions_of
from cdp_assets.publish.tables import INPUTS, LAYOUT, published_tables
from cdp_assets.publish.words import after_prefix, digits_of, fold, spellings, words_of

__all__ = [
    "FILE",
    "INPUTS",
    "LAYOUT",
    "Pointer",
    "Published",
    "after_prefix",
    "digits_of",
    "fold",
    "publish",
    "published_tables",
    "read_pointer",
    "spellings",
    "versions_of",
    "words_of",
]
