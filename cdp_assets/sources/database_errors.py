"""What went wrong at a database, for people: never the address, the password, or text of the server, which can hold values."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from cdp_assets.errors import OutsideError
from cdp_assets.sources.files import SourceError

_AGAIN = "Refresh again later; if it goes on, ask who runs it."
# libpq has no codes for what goes wrong before a connection stands, only these texts.
_NOT_CONNECTED = (
    (r"password authentication failed|no password supplied|password is required|authentication failed", "refuses the user or the password"),
    (r"pg_hba\.conf|no encryption", "does not let this user in from this machine (pg_hba.conf)"),
    (r"database .* does not exist", "has no database of that name"),
    (r"role .* does not exist|is not permitted to log in", "does not know the user, or it may not log in"),
    (r"SSL|certificate", "cannot agree with this machine on an encrypted connection (sslmode, certificates)"),
)
_NOT_AN_ADDRESS = r"missing \"=\"|unexpected spaces|invalid (URI|port|percent|integer|sslmode|connection)|invalid .* value|unterminated"
_MAY_ANSWER_LATER = {"08": "broke the connection off", "53": "has no room or connections left", "57": "was stopped or is starting"}
TIMEOUT = "57014"
_OF_THE_QUERY = {
    "42501": "the user may not read what it asks for. Ask for the right to select from it",
    "25006": "it writes, and a source only reads. Take out what writes",
    "42601": "the server cannot read it as SQL. Try it in a program such as psql",
    "42883": "a function or operator in it does not exist for values of these types. Try it in a program such as psql",
    "42702": "a column in it could be of several tables. Write the table before it",
    "22021": "it holds text that is not UTF-8. Convert it in a query, or give the database an encoding",
    "22P05": "it holds text that UTF-8 does not have. Convert it in a query",
    "0A000": "the server cannot do what it asks for",
}
_OF_VALUES = (
    "a value cannot be computed or converted (the value is not shown). Correct the query or the row; try it in a program such as psql"
)


class DatabaseSourceError(SourceError, OutsideError):
    """A database that did not answer, or not in time, and may do so later."""


class QueryError(Exception):
    """The server refused a query: its code of five characters, and a name from the query that it does not know."""

    def __init__(self, code: str, name: str | None) -> None:
        super().__init__(code)
        self.code, self.name = code, name


@contextmanager
def without_texts(source: str, variable: str, seconds: int, query: str) -> Iterator[None]:
    """Run a block that talks to the server: SourceError for what is clear at once, QueryError for what needs a look at the server.

    The texts of the driver are emptied: Python keeps them reachable as the context of the new exception.
    """
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        text, code = str(error), error.sqlstate
        error.args, error.details = ("text withheld: it can hold values of records",), []
        if code is None:
            _unanswered(source, variable, text)
        elif code == TIMEOUT:
            raise DatabaseSourceError(
                source, [f"the database of {variable} did not answer within {seconds} seconds (`timeout`). Raise it, or ask for less."]
            ) from None
        elif code[:2] in _MAY_ANSWER_LATER:
            raise DatabaseSourceError(source, [f"the database of {variable} {_MAY_ANSWER_LATER[code[:2]]}. {_AGAIN}"]) from None
        else:
            raise QueryError(code, _name_in(text, query)) from None


def _unanswered(source: str, variable: str, text: str) -> NoReturn:
    """No code: there is no connection, or it broke."""
    if "Failed to connect" not in text:
        if "Expected" in text or "type" in text.lower():
            raise SourceError(
                source,
                [f"the database of {variable} gives values that cannot be read. Convert columns of unusual types to text in a query."],
            ) from None
        raise DatabaseSourceError(source, [f"the connection to the database of {variable} broke while rows came. {_AGAIN}"]) from None
    if re.search(_NOT_AN_ADDRESS, text):
        raise SourceError(source, [not_an_address(variable)]) from None
    for pattern, what in _NOT_CONNECTED:
        if re.search(pattern, text):
            raise SourceError(
                source, [f"the database of {variable} {what}. Correct what {variable} holds, or ask who runs the server."]
            ) from None
    if "could not translate host name" in text:
        what = f"the server in {variable} has a name that cannot be found. Check it, and the network"
    else:
        what = f"the server in {variable} cannot be reached. Check that it runs, that host and port are right, and the network"
    raise DatabaseSourceError(source, [f"{what}; then refresh again."]) from None


def not_an_address(variable: str) -> str:
    """What is said where a variable does not hold the address of a database."""
    return f"what the environment variable {variable} holds is no address of a database. Write it as postgresql://user:password@host:port/database."


def of_query(code: str) -> str:
    """What a code of the server says of the query, for people."""
    if code in _OF_THE_QUERY:
        return _OF_THE_QUERY[code]
    return _OF_VALUES if code[:2] == "22" else f"the server refuses it (SQLSTATE {code}). Try it in a program such as psql"


def _name_in(text: str, query: str) -> str | None:
    """The name that an unknown table or column has: only one that stands in the query itself, so it is no value."""
    first = text.split("\n", 1)[0]
    found = re.search(r'(?:relation|column) "?([^"\s]+)"?', first)
    return found[1] if found and re.search(rf"\b{re.escape(found[1].rpartition('.')[2])}\b", query) else None
