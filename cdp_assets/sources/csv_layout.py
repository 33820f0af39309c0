"""How a CSV file is written: encoding, delimiter and quotation mark, each as cdp.yaml states it, else as its beginning shows."""

import csv
import io
import string
from collections.abc import Collection, Sequence

from cdp_assets.config.csv_form import CsvForm
from cdp_assets.sources.files import SourceError, SourceFile
from cdp_assets.sources.layout import Layout
from cdp_assets.sources.text import UTF8, beginning_of, marked_encoding, other_form

DELIMITERS = (",", ";", "\t", "|")
"""Those that are looked for; another one is stated in cdp.yaml."""
_OTHERS = [mark for mark in string.punctuation + " \x01\x1f" if mark not in "\"'._-()" and mark not in DELIMITERS]
_HEADER_BYTES = 1 << 20
_SAMPLE_ROWS = 200
_NAMES = {"\t": "tab", " ": "a space"}


def csv_layout(source: str, file: SourceFile, wanted: Collection[str], form: CsvForm | None) -> Layout:
    """The layout of a CSV file. Raises SourceError where it has no line of column names that can be read."""
    form = form or CsvForm()
    with file.path.open("rb") as content:
        beginning = content.read(_HEADER_BYTES)
    if form.encoding is None and (instead := other_form(beginning)) is not None:
        raise SourceError(source, [f"{file.name} {instead}"])
    encoding = _encoding(source, file, beginning, form.encoding)
    text = beginning_of(beginning, encoding)
    if len(beginning) == _HEADER_BYTES and "\n" not in text.replace("\r", "\n").lstrip("\n"):
        raise SourceError(source, [_endless(file.name)])  # the names after the cut would be lost without a word
    quote = form.quote if form.quote is not None else _quote(text, form.delimiter)
    headers = {mark: _first_row(text, mark, quote) for mark in ([form.delimiter] if form.delimiter else DELIMITERS)}
    # The one under which most of the wanted columns are there; then the one with most columns.
    delimiter = max(headers, key=lambda mark: (_fitting(headers[mark], wanted), len(headers[mark])))
    header = headers[delimiter]
    if not any(header):
        unread = not header and text.strip()  # csv gave up on it
        raise SourceError(source, [_endless(file.name) if unread else f"{file.name} has no line of column names."])
    if any("\ufffd" in column for column in header):
        raise SourceError(source, [not_text(file.name, "line of column names", encoding, source)])
    if encoding == UTF8 and beginning[:2].count(0) == 1:
        raise SourceError(source, [_nul(file.name, beginning, source)])
    if len(header) == 1 and not _fitting(header, wanted) and (better := _better(text, quote, wanted, delimiter)):
        raise SourceError(source, [_wrong(file.name, source, delimiter, better, stated=form.delimiter is not None)])
    return Layout(file, header, delimiter, encoding=encoding, quote=quote)


def _endless(name: str) -> str:
    return (
        f"{name}: the line of column names is longer than {_HEADER_BYTES >> 20} MiB, or one of the names than "
        f"{csv.field_size_limit():,} characters. See whether the file is CSV, and whether its lines end."
    )


def not_text(name: str, line: str, encoding: str, source: str) -> str:
    """What is said of a file that is not in its encoding; `line` names the place.

    Which encoding it is in is not guessed: most bytes are letters in cp1252, latin-1 and others alike, only not the same ones,
    and a wrong guess would spoil names without a word.
    """
    if encoding != UTF8:
        return f"{name}, {line}: not {encoding}, the encoding of the file by its mark or by cdp.yaml. State the one that it is in."
    return (
        f"{name}, {line}: not UTF-8. Save the file as UTF-8. If it is in an encoding of Windows or older, say so below "
        f"sources.{source}: csv: {{encoding: cp1252}} (or latin-1, or another)."
    )


def _encoding(source: str, file: SourceFile, beginning: bytes, stated: str | None) -> str:
    marked = marked_encoding(beginning)
    if stated is None or marked is None or stated.replace("-", "").startswith(marked.replace("-", "")):
        return stated or marked or UTF8
    problem = f"{file.name} begins with the mark of {marked.upper()}, and cdp.yaml states {stated}."
    raise SourceError(source, [f"{problem} Remove `encoding` below sources.{source}.csv: the mark is enough."])


def _first_row(text: str, delimiter: str, quote: str) -> tuple[str, ...]:
    rows = _rows(text, delimiter, quote, 1)
    return tuple(column.strip() for column in rows[0]) if rows else ()


def _rows(text: str, delimiter: str, quote: str, most: int) -> list[list[str]]:
    lines = io.StringIO(text, newline="")
    if quote:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=None, quoting=csv.QUOTE_NONE)
    found: list[list[str]] = []
    try:
        while len(found) < most and (row := next(reader, None)) is not None:
            found += [row] if row else []
    except csv.Error:
        pass
    return found


def _quote(text: str, stated: str | None) -> str:
    """The mark that the beginning shows: a single one where all values of some column stand in it, and no value in a double one."""
    for delimiter in [stated] if stated else DELIMITERS:
        rows = _rows(text, delimiter, "", _SAMPLE_ROWS)
        if len(rows) < 2 or any(value.lstrip().startswith('"') for row in rows for value in row):
            continue
        alike = [row for row in rows if len(row) == len(rows[0])]
        if any(_in_single(values) for values in zip(*alike, strict=True)):
            return "'"
    return '"'


def _in_single(values: Sequence[str]) -> bool:
    """Whether a column is written in single quotation marks: all its values but empty ones, at least two with its name."""
    filled = [value for value in values[1:] if value] + ([values[0]] if values[0].startswith("'") else [])
    return len(filled) > 1 and all(len(value) > 1 and value[0] == value[-1] == "'" for value in filled)


def _fitting(header: Sequence[str], wanted: Collection[str]) -> int:
    return len(set(wanted).intersection(header))


def _better(text: str, quote: str, wanted: Collection[str], than: str) -> str | None:
    """The delimiter under which at least one wanted column is there; None when there is none."""
    others = {mark: _fitting(_first_row(text, mark, quote), wanted) for mark in [*DELIMITERS, *_OTHERS] if mark != than}
    best = max(others, key=lambda mark: others[mark])
    return best if others[best] else None


def _wrong(name: str, source: str, delimiter: str, better: str, *, stated: bool) -> str:
    said = f"the delimiter {_name(delimiter)} that sources.{source}.csv states" if stated else "the delimiters that are looked for"
    written = better if better.isprintable() and better != " " else better.encode("unicode_escape").decode()
    advice = f"csv: {{delimiter: {_NAMES.get(better) if better == chr(9) else chr(34) + written + chr(34)}}}"
    return (
        f"{name}: with {said}, the line of column names is a single column. With {_name(better)} it has columns that cdp.yaml "
        f"asks for: write {advice} below sources.{source}."
    )


def _name(delimiter: str) -> str:
    return _NAMES.get(delimiter) or (f'"{delimiter}"' if delimiter.isprintable() else repr(delimiter))


def _nul(name: str, beginning: bytes, source: str) -> str:
    likely = "utf-16-be" if beginning[:1] == b"\0" else "utf-16-le"
    return (
        f"{name}, line of column names: holds NUL characters, as UTF-16 without a byte-order mark has. Save the file as UTF-8, "
        f"or write csv: {{encoding: {likely}}} below sources.{source}, if that is what it is."
    )
