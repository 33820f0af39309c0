"""Small tables and sources that the lake's tests share."""

from collections.abc import Callable

from cdp_assets.lake import Source, Stage, Table, by, columns
from cdp_assets_tests.support import rows

PEOPLE = Table("people", "one person", ("key",), columns("key | varchar | id\nname | varchar | name", personal=["name"]))
VISITS = Table("visits", "one visit", ("day", "key"), columns("day | date | day\nkey | varchar | id"), partition="day")
REJECTS = Table("rejects", "one reject", ("source", "key"), columns("source | varchar | source\nkey | varchar | id"), partition="source")
GIVEN = Table("given", "one given row", (), columns("key | varchar | id\nname | varchar | name\nday | date | day"))

PEOPLE_STAGES = [Stage("people", {"given": by("key")}, "select key, name from given", PEOPLE)]
VISIT_STAGES = [Stage("visits", {"given": by("key")}, "select day, key from given", VISITS)]


def given(text: str, digest: str | None = None) -> Source:
    """An input of the step with these rows; its digest stands for the text unless given."""
    table = rows(text, GIVEN)
    values = ", ".join("(" + ", ".join("null" if v is None else f"'{v}'" for v in row.values()) + ")" for row in table.to_pylist())
    empty = "select null::varchar as key, null::varchar as name, null::date as day where false"
    sql = (
        f"select key::varchar as key, name::varchar as name, day::date as day from (values {values}) v(key, name, day)" if values else empty
    )
    return Source(GIVEN, sql, 1, digest or str(hash(text)))


Rows = Callable[[Source], list[tuple[object, ...]]]
