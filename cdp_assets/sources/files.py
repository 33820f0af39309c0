"""Which files a source has, and whether their content is the same as before. What is in them is not looked at here."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from cdp_assets.config import AnySource
from cdp_assets.errors import UserError
from cdp_assets.sources.delta_log import DeltaProblemError, is_delta, newest
from cdp_assets.sources.paths import Found, find

Format = Literal["csv", "json_lines", "parquet", "delta"]

BY_SUFFIX: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "json_lines", ".ndjson": "json_lines",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
TRUTH, MADE = "truth", "made.json"  # what `cdp demo` made is listed there, beside its truth
WORDS: dict[Format, str] = {"csv": "CSV", "json_lines": "JSON lines", "parquet": "Parquet", "delta": "a Delta table"}


class SourceError(UserError):
    """A source that cannot be read as a whole: a file is missing, or its structure is not what cdp.yaml says."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"Source {source}: {problem}" for problem in problems))


@dataclass(frozen=True)
class SourceFile:
    """A file of a source, or a Delta table, which counts as one.

    `name` is its path relative to the project folder; `modified` in nanoseconds since 1970. `identity` stands for the
    content where that need not be read to be known: the id and version of a Delta table.
    """

    path: Path
    name: str
    format: Format
    bytes: int
    modified: int
    identity: str = ""

    def as_it_was(self) -> bool:
        """Whether the file has neither been written to nor replaced since it was found."""
        return self.fate() is None

    def fate(self) -> str | None:
        """What happened to the file since it was found, for people; None: nothing. Versions of a Delta table stay as they are."""
        try:
            now = self.path.stat()
        except OSError:
            return "vanished while it was read. Refresh again when the files are complete."
        if self.format == "delta" or (now.st_size, now.st_mtime_ns) == (self.bytes, self.modified):
            return None
        return "changed while it was read. Refresh again when it is complete."


def find_files(folder: Path, name: str, source: AnySource, *, required: bool = True) -> tuple[SourceFile, ...]:
    """The files of source `name` below the project's folder, in the order of their names.

    A folder stands for all files in it and below, but for those whose name begins with a dot or an underscore; a folder
    with a `_delta_log` is a Delta table. Raises SourceError when there is none (where it is `required`), or when one is empty,
    may not be read, is of no known format, is a truth of the demo, is a link that leads out of the project or has a name that is not UTF-8.
    """
    found = sorted(find(folder, source.files), key=lambda each: relative(each.path, folder))
    if not found and required:
        raise SourceError(name, [f"there is no file {source.files} in {folder}. Put it there, or correct `files` in cdp.yaml."])
    problems: list[str] = []
    files: list[SourceFile] = []
    for each in found:
        try:
            problem = _problem(each, folder, source)
            if problem is None:
                files.append(_described(each.path, folder, source))
        except FileNotFoundError:
            problem = f"{relative(each.path, folder)} vanished while the files were looked at. Refresh again when they are complete."
        except DeltaProblemError as error:
            problem = f"{relative(each.path, folder)} {error}"
        problems += [problem] if problem else []
    if problems:
        raise SourceError(name, list(dict.fromkeys(problems)))
    return tuple(files)


def fingerprint(files: Sequence[SourceFile]) -> str:
    """A digest of the names and contents of the files: equal digests, equal rows. Times do not count."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        digest.update(f"{file.name}\0{file.identity or _content(file.path)}\0".encode())
    return digest.hexdigest()


def stamp(files: Sequence[SourceFile]) -> str:
    """A digest of names, sizes and times, cheap enough to ask often: a new one says that the content may have changed."""
    listing = "\0".join(f"{file.name}\0{file.bytes}\0{file.modified}" for file in files)
    return hashlib.blake2b(listing.encode(), digest_size=16).hexdigest()


@contextmanager
def reading(source: str, files: Sequence[SourceFile]) -> Iterator[None]:
    """Read files in the block: SourceError with the names of those that are gone, or may no longer be read."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        problems = [f"{file.name} {fate}" for file in files if (fate := file.fate())]
        problems += [_not_readable(file.name) for file in files if file.path.exists() and not _readable(file.path)]
        if not problems:
            raise
    else:
        return
    raise SourceError(source, problems)


def relative(path: Path, folder: Path) -> str:
    """The path as it is shown: from the project's folder on."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _content(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _problem(found: Found, folder: Path, source: AnySource) -> str | None:
    path, name = found.path, relative(found.path, folder)
    if not _utf8(name):
        inside = next(above for above in PurePosixPath(name).parents if _utf8(str(above)))
        where = "the project folder" if str(inside) == "." else f"the folder {inside}"
        return f"{where} holds a name of a file or folder that is not UTF-8. Rename it, or move it elsewhere."
    if found.problem is not None:
        return f"{name} {found.problem}"
    if any(above.name == TRUTH and (above / MADE).is_file() for above in path.resolve().parents):
        return f"{name} is a truth of the demo, which says what is right and is only there to measure by. No source may read it."
    if not _readable(path):
        return _not_readable(name)
    return _not_delta(name, source) if path.is_dir() else _not_this_format(path, name, source)


def _not_this_format(path: Path, name: str, source: AnySource) -> str | None:
    if source.format == "delta":
        return f"{name} is a file, and a Delta table is a folder with a _delta_log in it. Name that folder under `files`."
    kind = source.format or BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(BY_SUFFIX)
        return (
            f"{name} is neither CSV, JSON lines nor Parquet by its name ({known}), and no Delta table. "
            "Move it elsewhere, or state `format` in cdp.yaml: csv, json_lines or parquet."
        )
    if kind != "json_lines" and path.stat().st_size == 0:
        return f"{name} is empty. A file without records still has a line of column names; remove the file if it is not meant to be here."
    return None


def _not_delta(name: str, source: AnySource) -> str | None:
    if source.format in (None, "delta"):
        return None
    return (
        f"{name} is a Delta table, and cdp.yaml states `format: {source.format}`: its folder also holds rows that the table "
        "no longer has. Remove `format`."
    )


def _readable(path: Path) -> bool:
    """Whether the user under whose rights this process works may read the file or folder."""
    mode = os.R_OK | (os.X_OK if path.is_dir() else 0)
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _not_readable(name: str) -> str:
    return f"{name} may not be read. Give your user the right to read it."


def _utf8(name: str) -> bool:
    """Whether the name is text; Python keeps other bytes of a file system as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _described(path: Path, folder: Path, source: AnySource) -> SourceFile:
    if is_delta(path):
        table = newest(path)
        return SourceFile(path, relative(path, folder), "delta", table.bytes, table.modified, table.identity)
    state = path.stat()
    kind = source.format or BY_SUFFIX[path.suffix.lower()]
    return SourceFile(path, relative(path, folder), kind, state.st_size, state.st_mtime_ns)
