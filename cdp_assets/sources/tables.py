"""The declarations of the quarantine and, from the configuration, of the table of each source."""

from cdp_assets.config import AnySource, ConsentsSource, Field, RecordsSource
from cdp_assets.lake import Column, Table, columns

QUARANTINE = Table(
    "quarantine",
    grain="a fault of a row of a source that is not in the source's table: one row a field, or one for the whole row",
    key=("source", "source_file", "source_line", "field"),
    columns=columns(
        """
        source      | varchar | name of the source
        source_file | varchar | file, relative to the project folder
        source_line | bigint  | physical line in a text file (of CSV, the header is line 1), number of the row in a Parquet file (from 1)
        field       | varchar | field at fault, for an event also the column; empty: the row as a whole
        reason      | varchar | what is wrong; never holds the value
        """,
        required=["source", "source_file", "source_line", "field", "reason"],
    ),
    partition="source",
    retention="until the row is right, or gone, in the source and the source is read again",
)

COLUMN_PROFILES = Table(
    "column_profiles",
    grain="a column of a source, with what its values look like",
    key=("source", "column_name"),
    columns=columns(
        """
        source      | varchar   | name of the source
        column_name | varchar   | column of the source's table
        place       | bigint    | its place in the table, from 1
        rows        | bigint    | rows of the table
        nulls       | bigint    | rows that have no value; text that is empty or blank in the files is no value
        missing     | bigint    | rows without a value that says something: nulls, and texts such as n/a, null, unknown or -
        uniques     | bigint    | values that differ
        told        | varchar   | values, or of a personal column patterns: a for letters, 9 for each digit
        top         | varchar[] | the most frequent of them, at most 10; a value that only one row has is not told
        top_rows    | bigint[]  | how many rows have each
        """,
        required=["source", "column_name", "place", "rows", "nulls", "missing", "uniques", "told", "top", "top_rows"],
    ),
    partition="source",
)

SOURCE_COLUMNS = Table(
    "source_columns",
    grain="a column of the files of a source, as it was the last time they were read; also one that is gone",
    key=("source", "column_name"),
    columns=columns(
        """
        source      | varchar | name of the source
        column_name | varchar | column of the files, a key in JSON lines; names that may hold a value of a person are left out
        position    | bigint  | its place among the columns, from 1
        type        | varchar | DuckDB's type in Parquet and Delta; text in CSV and JSON lines
        wanted      | boolean | whether cdp.yaml asks for it
        since       | date    | the day of the run that first saw it
        change      | varchar | new, gone, type was ..., never there (a wanted key in no line); null: none since the first time
        changed     | date    | the day of the run that saw this change
        """,
        required=["source", "column_name", "position", "type", "wanted", "since"],
    ),
    partition="source",
    retention="as long as the source is in cdp.yaml",
)
SOURCE_FILES = Table(
    "source_files",
    grain="a file of a source that has rows, and how many",
    key=("source", "source_file"),
    columns=columns(
        """
        source        | varchar | name of the source
        source_file   | varchar | file, relative to the project folder
        rows          | bigint  | rows of the file, those that cannot be read too
        rows_filtered | bigint  | rows that the row filter (`where`) leaves out: neither in the table nor in quarantine
        """,
        required=["source", "source_file", "rows", "rows_filtered"],
    ),
    partition="source",
    retention="as long as the file is in the source",
)

BESIDE = (QUARANTINE, SOURCE_FILES, SOURCE_COLUMNS)
"""Tables that the steps of the sources write beside their own, each its part."""

_WHERE_FROM = columns(
    """
    source_file | varchar | file, relative to the project folder
    source_line | bigint  | physical line in a text file (of CSV, the header is line 1), number of the row in a Parquet file (from 1)
    """,
    required=["source_file", "source_line"],
)
_RECORD = columns("record_key | varchar | the primary key as text", required=["record_key"], personal=["record_key"])
_EVENT = columns(
    """
    event_id   | varchar   | identifies the event within the source
    visitor_id | varchar   | first-party id of the visitor, there on every event
    time       | timestamp | when it happened, UTC
    day        | date      | day of that time
    event      | varchar   | name of the event
    """,
    required=["event_id", "visitor_id", "time", "day"],
    personal=["visitor_id"],
)
_CONSENT = columns(
    """
    purpose | varchar   | what the consent is for, as written
    given   | boolean   | whether it is given; false: refused or withdrawn; null: missing, or cannot be read
    at      | timestamp | when it was said, UTC; null: missing, or cannot be read
    """,
    required=["purpose"],
)


def table_of(name: str, source: AnySource) -> Table:
    """The table of source `name`: its typed rows, those that can be read."""
    if isinstance(source, ConsentsSource):
        people = tuple(
            Column(column, "varchar", f"whose statement it is, as {target}", personal=True) for column, target in source.person.items()
        )
        return Table(
            name, "a statement on a consent as the source has it, typed", ("source_file", "source_line"), (*_WHERE_FROM, *_CONSENT, *people)
        )
    fields = tuple(_field(field, its) for field, its in source.fields.items())
    if isinstance(source, RecordsSource):
        # Of a source read in increments, a line of a file that changed can be in the table twice, and a key only once.
        key = ("source_file", "source_line") if source.incremental is None else ("record_key",)
        return Table(name, "a record as the source has it, typed", key, (*_WHERE_FROM, *_RECORD, *fields))
    known = tuple(
        Column(column, "varchar", f"who the visitor is, as {target}; null: not said in this event", personal=True)
        for column, target in source.known_as.items()
    )
    return Table(name, "a web event as the source has it, typed", ("source_file", "source_line"), (*_WHERE_FROM, *_EVENT, *known, *fields))


def _field(name: str, field: Field) -> Column:
    written = f" in the column {field.column}" if field.column and field.column != name else ""
    return Column(name, field.data_type, f"{field.type}{written}", personal=field.personal)
