"""The destination file: one CSV a segment, written aside and then put into its place.

UTF-8, a header, values quoted as RFC 4180 says, lines that end with a line feed, rows in the order of their id, and only
the fields that cdp.yaml names. A file and its folder are readable by their owner only.

Spreadsheets compute cells that look like formulas. A text that begins with `=`, `@`, a tab or a carriage return, or with
`+` or `-` and is no number or telephone number (digits, spaces, `( ) . / -`), gets an apostrophe before it.
Blanks at both ends of a text are left out: they are typing errors of a source, and an address with one bounces.

The export's own folder holds the files of one run: `tidy` removes what is left of earlier ones.
"""

import errno
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.config import ProjectConfig
from cdp_assets.config.base import NAME
from cdp_assets.config.connections import STORE, folder_of
from cdp_assets.errors import UserError
from cdp_assets.exports.members import DELIVERABLE
from cdp_assets.exports.outcome import Counts, Decided
from cdp_assets.lake import Source, session
from cdp_assets.lake.ledger import private_files
from cdp_assets.lake.source import literal, name

_OURS = re.compile(rf"{NAME.pattern}\.csv|\.{NAME.pattern}\.csv\.part")
"""Names of the files that exports make: of a segment, and of one that is being written."""


@dataclass(frozen=True)
class Destination:
    """The own folder of an export: that of its connection, and in it one of the export's name."""

    project: Path
    folder: str
    export: str
    read: tuple[tuple[str, Path], ...] = ()
    """The folders from which sources read, links followed, each with the name of its source."""

    @property
    def shown(self) -> str:
        """The folder, relative to the project."""
        return f"{self.folder}/{self.export}"

    def path(self) -> Path:
        """The folder, links followed. UserError where they lead out of the project, into its store, or to where a source reads."""
        target = (self.project / self.folder / self.export).resolve()
        root = self.project.resolve()
        if not target.is_relative_to(root) or target.is_relative_to(root / STORE):
            raise UserError(f"The folder {self.shown} leads out of the project, or into {STORE}. Nothing was written there.")
        for source, read in self.read:
            if target.is_relative_to(read) or read.is_relative_to(target):
                raise UserError(f"The folder {self.shown} leads to where the source {source} reads. Nothing was written there.")
        return target

    def made(self) -> Path:
        """The folder, made where it is missing."""
        target = self.path()
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        return target


def destination(project: Path, config: ProjectConfig, folder: str, export: str) -> Destination:
    """The destination of an export over a connection to files."""
    root, read = project.resolve(), []
    for name_, files in [(name_, files) for name_, source in config.sources.items() for files in source.reads]:
        fixed = project.joinpath(*folder_of(files))
        file = project / files
        folders = {fixed.resolve(), *([file.resolve().parent] if file.is_file() else [])}
        # a source in the project's own folder reads files there, not in the folders beside them
        read += [(name_, each) for each in sorted(folders) if each != root or "**" in files]
    return Destination(project, folder, export, tuple(read))


def earlier(to: Destination) -> list[Path]:
    """The files that exports have made in the folder, also those of a run that was killed while it wrote one."""
    try:
        found = sorted(to.path().iterdir())
    except (UserError, OSError):
        return []
    return [each for each in found if _OURS.fullmatch(each.name) and each.is_file() and not each.is_symlink()]


def tidy(to: Destination, written: Collection[str]) -> tuple[int, int]:
    """Remove what is left of earlier runs but for the files of the segments `written` now: how many were, and could not be, removed.

    What is no file of a segment stays: exports did not make it.
    """
    stale = [each for each in earlier(to) if each.name not in {f"{segment}.csv" for segment in written}]
    stuck = 0
    for each in stale:
        try:
            each.unlink(missing_ok=True)
        except OSError:
            stuck += 1
    return len(stale) - stuck, stuck


def write(to: Destination, segment: str, rows: str, expected: int) -> Decided:
    """Write the rows of one segment; `rows` is SQL, in order. A failure is an answer here: other segments go on."""
    aside: Path | None = None
    try:
        with private_files():
            target = to.made() / f"{segment}.csv"
            aside = target.with_name(f".{segment}.csv.part")
            written = _copy(rows, aside)
            if written != expected:
                return _failed(segment, f"{written} rows would have been written instead of {expected}")
            aside.chmod(0o600)
            aside.replace(target)
    except UserError as error:
        return _failed(segment, error.message.removesuffix("."))
    except (OSError, duckdb.Error) as error:
        return _failed(segment, _why(error))
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)
    return Decided(segment, "done", "delivered", file=f"{to.shown}/{segment}.csv")


def rows_of(planned: Source, profiles: Source, member: str, fields: Sequence[str], segment: str) -> str:
    """SQL for the rows of a segment's file: the member's id, under the name `member`, and the fields of its profile."""
    types = {column.name: column.type for column in profiles.table.columns}
    columns = "".join(f", {_cell(field) if types[field] == 'varchar' else f'q.{name(field)}'} as {name(field)}" for field in fields)
    return f"""
        select p.member_id as {name(member)}{columns}
        from ({planned.sql}) p left join ({profiles.sql}) q on p.member_id = q.{name(member)}
        where p.segment = {literal(segment)} and p.state = '{DELIVERABLE}'
        order by p.member_id
    """


def _cell(field: str) -> str:
    """SQL for a text that no spreadsheet takes for a formula; see the head of this module."""
    text = f"trim(q.{name(field)})"
    number = r"[+-][0-9 ()./-]*[0-9][0-9 ()./-]*"
    return (
        rf"case when regexp_matches({text}, '^[=@\t\r]') or "
        f"(regexp_matches({text}, '^[+-]') and not regexp_full_match({text}, '{number}')) then chr(39) || {text} else {text} end"
    )


def deliver(
    to: Destination,
    counts: dict[str, Counts],
    planned: Source,
    profiles: Source,
    member: str,
    fields: Sequence[str],
) -> list[Decided]:
    """Write the file of every segment."""
    return [write(to, segment, rows_of(planned, profiles, member, fields, segment), each.deliverable) for segment, each in counts.items()]


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
