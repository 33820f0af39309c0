"""What a source says that reads a database instead of files: where its address stands, and what is asked."""

import re
from datetime import timedelta
from typing import Annotated, Any

import sqlglot
from pydantic import AfterValidator, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticKnownError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cdp_assets.config.base import RefusedError, Section, Text
from cdp_assets.config.durations import Duration

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_WRITING = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into, exp.Create, exp.Drop, exp.Alter, exp.Command, exp.Lock)
MOST_TIME = timedelta(days=1)


NO_FILES = ""
"""What `files` is in a source that reads a database."""


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise RefusedError(
            "must be the name of an environment variable that holds the address of the database, never the address itself",
            allowed=["a name such as SHOP_DATABASE"],
        )
    return value


def _query(value: str) -> str:
    try:
        statements = [each for each in sqlglot.parse(value, dialect="postgres") if each is not None and not isinstance(each, exp.Semicolon)]
    except SqlglotError as error:
        where = [(each.get("line"), each.get("col")) for each in getattr(error, "errors", [])]
        at = f" (line {where[0][0]} of it, near character {where[0][1]})" if where and where[0][0] else ""
        raise RefusedError(f"is not SQL as PostgreSQL knows it{at}", allowed=["one select statement"]) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        what = "several statements" if len(statements) > 1 else "not a select"
        raise RefusedError(f"is {what}: a source only reads", allowed=["one select statement"])
    if any(statements[0].find_all(*_WRITING)):
        raise RefusedError("writes or locks something: a source only reads", allowed=["one select statement"])
    return value


def _table(value: str) -> str:
    parts = value.split(".")
    if len(parts) > 2 or not all(part and part == part.strip() for part in parts) or '"' in value:
        forms = ["table, or schema.table such as public.customers, as the database has it"]
        raise RefusedError("is not the name of a table", allowed=forms)
    return value


class FromDatabase(Section):
    """The keys of a source that reads a database (PostgreSQL) instead of files."""

    database: Annotated[Text, AfterValidator(_variable)] | None = None
    """The name of an environment variable that holds the address of the database (postgresql://user:password@host/database)."""
    query: Annotated[Text, AfterValidator(_query)] | None = None
    """One select statement; its columns are those that the fields name."""
    table: Annotated[Text, AfterValidator(_table)] | None = None
    """A table or view, instead of a query: schema.table, or table alone."""
    timeout: Duration = timedelta(hours=1)
    """How long the database may work and deliver before it is given up, such as 30 minutes."""

    @field_validator("timeout")
    @classmethod
    def _possible_time(cls, length: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= length <= MOST_TIME:
            raise RefusedError("is no time that a database may take", allowed=["1 second to 1 day"])
        return length

    @field_validator("files", mode="wrap", check_fields=False)
    @classmethod
    def _files_or_database(cls, value: Any, handler: Any, info: ValidationInfo) -> Any:
        has_database = info.data.get("database") is not None or "database" not in info.data
        if value == NO_FILES and not has_database:
            raise PydanticKnownError("missing")
        if value == NO_FILES:
            return value
        if info.data.get("database") is not None:
            raise RefusedError("a source reads files or a database; make them two sources")
        return handler(value)

    @model_validator(mode="after")
    def _one_origin(self) -> "FromDatabase":
        asked = [name for name in ("query", "table") if getattr(self, name) is not None]
        if self.database is None:
            if misplaced := [*asked, *(["timeout"] if "timeout" in self.model_fields_set else [])]:
                raise RefusedError(f"{' and '.join(misplaced)}: belongs to a database, and none is stated", allowed=["database: NAME"])
            return self
        if len(asked) != 1:
            what = "has both a query and a table" if asked else "says nothing of what is read"
            raise RefusedError(f"the database {what}", allowed=["query: select ...", "table: schema.table"])
        if of_files := [name for name in ("format", "csv") if getattr(self, name, None) is not None]:
            raise RefusedError(f"{' and '.join(of_files)}: belongs to files, and this source reads a database; remove it")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The files, patterns and folders that are read, those with deleted records too; none of a database alone."""
        deleted = getattr(getattr(self, "incremental", None), "deleted", None)
        return tuple(files for files in (getattr(self, "files", ""), getattr(deleted, "files", None)) if files)

    @property
    def asks(self) -> str:
        """What is asked of the database, in few words: the table, or `query`."""
        return self.table or "query"

    @property
    def read_from(self) -> str:
        """Where the rows come from, as people read it: the files, or the database and what is asked of it."""
        return f"database {self.database}: {self.asks}" if self.database else str(getattr(self, "files", ""))
