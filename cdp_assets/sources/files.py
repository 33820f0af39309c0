"""Which files a source has, and whether their content is the same as before. What is in them is not looked at here."""

import glob
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from cdp_assets.config import AnySource
from cdp_assets.errors import UserError

Format = Literal["csv", "parquet"]

_BY_SUFFIX: dict[str, Format] = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet"}


class SourceError(UserError):
    """A source that cannot be read as a whole: a file is missing, or its structure is not what cdp.yaml says."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"Source {source}: {problem}" for problem in problems))


@dataclass(frozen=True)
class SourceFile:
    """A file of a source. `name` is its path relative to the project folder; `modified` in nanoseconds since 1970."""

    path: Path
    name: str
    format: Format
    bytes: int
    modified: int

    def as_it_was(self) -> bool:
        """Whether the file has neither been written to nor replaced since it was found."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.bytes, self.modified)


def find_files(folder: Path, name: str, source: AnySource) -> tuple[SourceFile, ...]:
    """The files of source `name` below the project's folder, in the order of their names.

    A folder stands for all files in it and below, but for those whose name begins with a dot or an underscore.
    Raises SourceError when there is none, or when one is empty, may not be read, is of no known format or has a name
    that is not UTF-8.
    """
    found = sorted(_matching(folder, source.files), key=lambda path: _relative(path, folder))
    if not found:
        raise SourceError(name, [f"there is no file {source.files} in {folder}. Put it there, or correct `files` in cdp.yaml."])
    problems = [problem for path in found if (problem := _problem(path, folder, source))]
    if problems:
        raise SourceError(name, list(dict.fromkeys(problems)))
    return tuple(_described(path, folder, source) for path in found)


def fingerprint(files: Sequence[SourceFile]) -> str:
    """A digest of the names and contents of the files: equal digests, equal rows. Times do not count."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        with file.path.open("rb") as content:
            inner = hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        digest.update(f"{file.name}\0{inner}\0".encode())
    return digest.hexdigest()


def stamp(files: Sequence[SourceFile]) -> str:
    """A digest of names, sizes and times, cheap enough to ask often: a new one says that the content may have changed."""
    listing = "\0".join(f"{file.name}\0{file.bytes}\0{file.modified}" for file in files)
    return hashlib.blake2b(listing.encode(), digest_size=16).hexdigest()


def _matching(folder: Path, files: str) -> set[Path]:
    exact = folder / files
    if exact.is_dir():
        return {path for path in exact.rglob("*") if path.is_file() and not _hidden(path.relative_to(exact))}
    if exact.exists():
        return {exact}
    matches = glob.glob(files, root_dir=folder, recursive=True)  # noqa: PTH207 - Path.glob refuses ../
    return {folder / match for match in matches if (folder / match).is_file()}


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _problem(path: Path, folder: Path, source: AnySource) -> str | None:
    name = _relative(path, folder)
    if not _utf8(name):
        inside = next(above for above in PurePosixPath(name).parents if _utf8(str(above)))
        where = "the project folder" if str(inside) == "." else f"the folder {inside}"
        return f"{where} holds a name of a file or folder that is not UTF-8. Rename it, or move it elsewhere."
    if not os.access(path, os.R_OK):
        return f"{name} may not be read. Give your user the right to read it."
    if path.stat().st_size == 0:
        return f"{name} is empty. A file without records still has a line of column names; remove the file if it is not meant to be here."
    if source.format is None and path.suffix.lower() not in _BY_SUFFIX:
        known = ", ".join(_BY_SUFFIX)
        return f"{name} is neither CSV nor Parquet by its name ({known}). Move it elsewhere, or state `format: csv` or `format: parquet`."
    return None


def _utf8(name: str) -> bool:
    """Whether the name is text; Python keeps other bytes of a file system as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _described(path: Path, folder: Path, source: AnySource) -> SourceFile:
    state = path.stat()
    kind = source.format or _BY_SUFFIX[path.suffix.lower()]
    return SourceFile(path, _relative(path, folder), kind, state.st_size, state.st_mtime_ns)
