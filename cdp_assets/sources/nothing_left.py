"""A source none of whose rows can be read any more is broken as a whole: an empty table in its place would be published as the truth."""

from cdp_assets.lake import Run, Table
from cdp_assets.sources.files import SourceError
from cdp_assets.sources.tables import QUARANTINE, SOURCE_FILES

_ROWS = 'select cast(coalesce(sum("rows" - rows_filtered), 0) as bigint) from ({files})'
_LINES = "select count(distinct (source_file, source_line)) from ({quarantine})"
_MOST = """
    select field, reason, count(*) as n, min_by(source_file || ' line ' || source_line, (source_file, source_line)) as first
    from ({quarantine}) group by field, reason order by n desc, field, reason limit 1
"""


def refuse_where_nothing_is_left(run: Run, source_name: str, table: Table) -> None:
    """Raise SourceError where the table has rows and its files have, but all of these are in quarantine now.

    A source that never had a readable row may be empty: nothing that was right is lost then, and the quarantine says why.
    """
    if not run.rows(table):
        return
    parts = {"files": run.read(SOURCE_FILES, [source_name]).sql, "quarantine": run.read(QUARANTINE, [source_name]).sql}
    ask = run.reader().execute
    rows, lines = (ask(sql.format(**parts)).fetchall()[0][0] for sql in (_ROWS, _LINES))
    if not rows or lines < rows:
        return
    [(field, reason, count, first)] = ask(_MOST.format(**parts)).fetchall()
    at = f" ({field})" if field else ""
    problem = (
        f"none of the {rows:,} rows of its files can be read any more: {count:,} x {reason}{at}, first in {first}. "
        f"Have the files written as before, or say at sources.{source_name} of cdp.yaml how they are written now."
    )
    raise SourceError(source_name, [problem])
