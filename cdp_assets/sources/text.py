"""The bytes of a text file as UTF-8, in portions of bounded size, whatever its encoding and however long its lines.

Files are read, not mapped into memory: a file that somebody cuts off meanwhile would end the process otherwise.
"""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

UTF8 = "utf-8"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_MARK = "\ufeff"
_NO_TEXT = (
    (b"\x1f\x8b", "is compressed with gzip. Unpack it (gunzip)."),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd. Unpack it (unzstd)."),
    (b"\xfd7zXZ\0", "is compressed with xz. Unpack it (unxz)."),
    (b"PK\x03\x04", "is a ZIP archive, as workbooks of Excel (.xlsx) are too. Unpack it, or save the table as CSV (UTF-8)."),
    (b"\xd0\xcf\x11\xe0", "is a file of an old Office program, such as Excel (.xls). Save the table as CSV (UTF-8)."),
    (b"PAR1\x15", "is a Parquet file by its content. Give it the suffix .parquet."),
)  # none of them can begin a file of text: they hold control characters, or bytes that are not UTF-8


class NotTextError(Exception):
    """The bytes on this physical line (from 1) are not text in the encoding."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def marked_encoding(beginning: bytes) -> str | None:
    """The encoding that the byte-order mark of a file says; None without one."""
    return next((encoding for mark, encoding in _MARKS if beginning.startswith(mark)), None)


def other_form(beginning: bytes) -> str | None:
    """What a file is instead of text, and what to do, in words that follow its name; None where that is not known by its first bytes."""
    return next((words for mark, words in _NO_TEXT if beginning.startswith(mark)), None)


def beginning_of(content: bytes, encoding: str) -> str:
    """The text of the first bytes of a file, without its byte-order mark; what is no text, or cut off at the end, is U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(content).removeprefix(_MARK)


def line_ends(content: bytes) -> int:
    r"""How many physical lines end in these bytes: with \n, \r\n or \r."""
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


class Utf8Stream:
    """A file read as UTF-8. Bytes of a file that claims to be UTF-8 are passed on as they are, without its byte-order mark."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder: Any = None if codecs.lookup(encoding).name == UTF8 else codecs.getincrementaldecoder(encoding)()
        self._lines = 0
        self._after_cr = False
        self._begun = False

    def read(self, size: int) -> bytes:
        """About `size` further bytes; none at the end of the file. Raises NotTextError."""
        while True:
            raw = self._file.read(max(size, 4))  # as long as a mark, so that it is seen whole
            content = raw if self._decoder is None else self._transcoded(raw)
            if not self._begun and content:
                self._begun = True
                content = content.removeprefix(codecs.BOM_UTF8)
            if content or not raw:
                return content

    def _transcoded(self, raw: bytes) -> bytes:
        state = self._decoder.getstate()
        try:
            content: bytes = self._decoder.decode(raw, final=not raw).encode()
        except UnicodeError:  # it holds the text, so nothing is raised from in here
            self._decoder.errors = "replace"
            self._decoder.setstate(state)
            good = self._decoder.decode(raw, final=not raw).partition("\ufffd")[0].encode(errors="replace")
        else:
            self._count(content)
            return content
        self._count(good)
        raise NotTextError(1 + self._lines)

    def _count(self, content: bytes) -> None:
        self._lines += line_ends(content) - (self._after_cr and content.startswith(b"\n"))
        self._after_cr = content.endswith(b"\r") if content else self._after_cr


class Window:
    """A stretch of a stream that moves on over it; `at_end`: the stream ends where the stretch does."""

    def __init__(self, stream: Utf8Stream, size: int) -> None:
        self._stream, self._size = stream, size
        self._content, self._start = b"", 0
        self.at_end = False
        self.more()

    def __len__(self) -> int:
        return len(self._content) - self._start

    def data(self) -> Any:
        """The bytes of the stretch as an array."""
        import numpy as np

        return np.frombuffer(self._content, np.uint8)[self._start :]

    def part(self, end: int) -> bytes:
        """The bytes of the stretch up to this position."""
        return self._content[self._start : self._start + end]

    def more(self) -> None:
        """Lengthen the stretch, because what begins in it does not end in it."""
        further = self._stream.read(self._size)
        self.at_end = not further
        self._content, self._start = self._content[self._start :] + further, 0

    def advance(self, position: int) -> None:
        """Go on with what begins at this position."""
        self._start = min(self._start + position, len(self._content))
        if not self.at_end and len(self) < self._size // 4:  # seldom, because the rest is copied
            self.more()

    def skip_line(self, marks: bytes = b"\n\r") -> None:
        """Go on after the physical line in which the stretch begins, however long that is; `marks` end a line."""
        while True:
            places = [self._content.find(mark, self._start) for mark in (bytes([each]) for each in marks)]
            end = min((place for place in places if place >= 0), default=len(self._content))
            if self.at_end or end + 1 < len(self._content):  # the byte after it is known: a line end may be two bytes
                after = end + (2 if self._content[end : end + 2] == b"\r\n" else 1)
                self.advance(after - self._start)
                return
            self._start = end
            self.more()


@contextmanager
def open_text(path: Path, encoding: str, size: int) -> Iterator[Window]:
    """A window of about `size` bytes over the text of a file."""
    with path.open("rb") as file:
        yield Window(Utf8Stream(file, encoding), size)
