"""The destination file: one CSV a segment, written aside and then put into its place.

UTF-8, a header, values quoted as RFC 4180 says, lines that end with a line feed, rows in the order of their id, and only
the fields that cdp.yaml names. A file and its folder are readable by their owner only.
"""

import errno
from collections.abc import Sequence
from pathlib import Path

import duckdb

from cdp_assets.config.connections import STORE
from cdp_assets.errors import UserError
from cdp_assets.exports.members import DELIVERABLE
from cdp_assets.exports.outcome import Counts, Decided
from cdp_assets.lake import Source, session
from cdp_assets.lake.ledger import private_files
from cdp_assets.lake.source import literal, name


def folder_for(project: Path, folder: str, export: str) -> Path:
    """The export's own folder, made where it is missing. UserError where a link leads it out of the project or into its store."""
    target = (project / folder / export).resolve()
    root = project.resolve()
    if not target.is_relative_to(root) or target.is_relative_to(root / STORE):
        raise UserError(f"The folder {folder}/{export} leads out of the project, or into {STORE}. Nothing was written there.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    return target


def write(project: Path, folder: str, export: str, segment: str, rows: str, expected: int) -> Decided:
    """Write the rows of one segment; `rows` is SQL, in order. A failure is an answer here: other segments go on."""
    aside: Path | None = None
    try:
        with private_files():
            target = folder_for(project, folder, export) / f"{segment}.csv"
            aside = target.with_name(f".{segment}.csv.part")
            written = _copy(rows, aside)
            if written != expected:
                return _failed(segment, f"{written} rows would have been written instead of {expected}")
            aside.chmod(0o600)
            aside.replace(target)
    except UserError as error:
        return _failed(segment, error.message)
    except (OSError, duckdb.Error) as error:
        return _failed(segment, _why(error))
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
    return Decided(segment, "done", "delivered", file=f"{folder}/{export}/{segment}.csv")


def rows_of(planned: Source, profiles: Source, member: str, fields: Sequence[str], segment: str) -> str:
    """SQL for the rows of a segment's file: the member's id, under the name `member`, and the fields of its profile."""
    columns = "".join(f", q.{name(field)}" for field in fields)
    return f"""
        select p.member_id as {name(member)}{columns}
        from ({planned.sql}) p left join ({profiles.sql}) q on p.member_id = q.{name(member)}
        where p.segment = {literal(segment)} and p.state = '{DELIVERABLE}'
        order by p.member_id
    """


def deliver(
    project: Path,
    folder: str,
    export: str,
    counts: dict[str, Counts],
    planned: Source,
    profiles: Source,
    member: str,
    fields: Sequence[str],
) -> list[Decided]:
    """Write the file of every segment."""
    return [
        write(project, folder, export, segment, rows_of(planned, profiles, member, fields, segment), each.deliverable)
        for segment, each in counts.items()
    ]


def _copy(rows: str, target: Path) -> int:
    options = """format csv, header true, delimiter ',', quote '"', escape '"'"""
    with session() as connection:
        return int(connection.execute(f"copy ({rows}) to {literal(str(target))} ({options})").fetchall()[0][0])


def _failed(segment: str, reason: str) -> Decided:
    return Decided(segment, "failed", "failed", reason=reason)


def _why(error: Exception) -> str:
    """The kind of the failure; the text of an error can hold values."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return "the disk is full"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "no permission to write the file"
    if number in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        return "a folder or file of that name is in the way"
    return f"the file could not be written ({type(error).__name__})"
