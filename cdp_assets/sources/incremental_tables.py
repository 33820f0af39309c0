"""What is remembered of a source that is read in increments, beside its own table: three tables, each with a part for a source."""

from collections.abc import Mapping

from cdp_assets.config import AnySource, RecordsSource
from cdp_assets.lake import Table, columns

EARLIEST, LATEST = "timestamp '0001-01-01'", "timestamp '9999-12-31 23:59:59.999999'"
"""What a missing time of a row counts as, and the time of a deletion that has none: it is for ever."""

FILES_READ = Table(
    "files_read",
    grain="a file, or what is asked of a database, that is merged into the table of a source read in increments",
    key=("source", "file"),
    columns=columns(
        """
        source      | varchar   | name of the source
        file        | varchar   | file, relative to the project folder; of a database its variable and what is asked of it
        fingerprint | varchar   | digest of its content when it was read; empty for a database
        deletes     | boolean   | whether it lists deleted records
        gone        | boolean   | whether it is not there any more; what was read from it stays
        newest      | timestamp | of a database: the newest `updated` seen, UTC; null for a file
        settings    | varchar   | digest of what cdp.yaml said of the source when it was read
        """,
        required=["source", "file", "fingerprint", "deletes", "gone", "settings"],
    ),
    partition="source",
    retention="until the source is read in full",
)

KEYS_REMOVED = Table(
    "keys_removed",
    grain="a key of a source read in increments, with the newest statement that removed it",
    key=("source", "record_key"),
    columns=columns(
        """
        source      | varchar   | name of the source
        record_key  | varchar   | the primary key as text
        removed_at  | timestamp | when, UTC; 9999-12-31 for ever
        by_list     | boolean   | whether a file of deleted records says so, and not a row of the source itself
        source_file | varchar   | where that is said
        source_line | bigint    | its line
        why         | varchar   | deleted, or filtered: the row does not fulfil `where`
        """,
        required=["source", "record_key", "removed_at", "by_list", "source_file", "source_line", "why"],
        personal=["record_key"],
    ),
    partition="source",
    retention="until the source is read in full: an older row of the key may still be delivered",
)

ROWS_REJECTED = Table(
    "rows_rejected",
    grain="a fault of a row of a source read in increments, with the key of the row where that can be read",
    key=("source", "source_file", "source_line", "field"),
    columns=columns(
        """
        source      | varchar   | name of the source
        source_file | varchar   | file, relative to the project folder
        source_line | bigint    | its line
        field       | varchar   | field at fault; empty: the row as a whole
        reason      | varchar   | what is wrong; never holds the value
        record_key  | varchar   | the primary key as text; null: cannot be read
        updated_at  | timestamp | the row's time of change, UTC; null: none, or it cannot be read
        """,
        required=["source", "source_file", "source_line", "field", "reason"],
        personal=["record_key"],
    ),
    partition="source",
    retention="until the file is read again, or the source in full",
)

REMEMBERED = (FILES_READ, KEYS_REMOVED, ROWS_REJECTED)


def read_in_increments(sources: Mapping[str, AnySource]) -> list[str]:
    """The names of the sources that are read in increments: where there are some, the tables of REMEMBERED are there too."""
    return [name for name, source in sources.items() if isinstance(source, RecordsSource) and source.incremental is not None]
