"""What a publication holds, and how readers are switched to it."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest
from pyarrow.parquet import write_table

from cdp_assets.activities.tables import UNIFIED_ACTIVITIES
from cdp_assets.lake import EngineError, Source, Table, columns, session
from cdp_assets.publish import FILE, INPUTS, publish, published_tables, read_pointer
from cdp_assets_tests.publish.small_world import ANN, AS_OF, BEN, MEANINGS, OLD_ANN, PROFILES, WORLD, published, sources, world
from cdp_assets_tests.support import rows

TOKENS = "select token from search_token join customer on number = customer"


def ask(result, sql):
    with duckdb.connect(str(result.file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_table_has_its_declared_columns_and_key(tmp_path):
    result = published(tmp_path)
    for table in published_tables(PROFILES):
        found = dict(row[:2] for row in ask(result, f"describe {table.name}"))
        assert found == {column.name: column.type.upper() for column in table.columns}
        keys = ", ".join(table.key)
        assert ask(result, f"select 1 from {table.name} group by {keys} having count(*) > 1") == []


def test_head_of_a_customer(tmp_path):
    rows = ask(published(tmp_path), f"select name, email, place, known from customer where customer_id in ('{ANN}', '{BEN}') order by name")
    assert rows == [("Ann-Marie O'Brien", "ann@example.com", "Cork, Ireland", True), ("Ben Müller", "ben@example.com", "Köln", True)]


def test_a_renamed_field_is_called_so_on_the_card_and_its_column_is_not(tmp_path):
    with session() as connection:
        found = sources(tmp_path, world())
        labels = {"email": "Where to write"}
        result = publish(connection, tmp_path / "published", found, MEANINGS, run_id="one", as_of=AS_OF, labels=labels)
    assert ask(result, "select label from profile_column where name = 'email'") == [("Where to write",)]


def tokens(result, kind):
    return [row[0] for row in ask(result, f"{TOKENS} where customer_id = '{ANN}' and kind = '{kind}' order by 1")]


def test_search_tokens_of_a_customer(tmp_path):
    result = published(tmp_path)
    names = tokens(result, "name")
    assert {"ann-marie", "ann", "marie", "obrien"} <= set(names)
    assert {"ann-marie obrien", "obrien ann-marie"} <= set(tokens(result, "full name"))
    assert tokens(result, "email") == ["ann@example.com", "ann@old.example", "obrien@example.com"]  # values not used are found too
    assert tokens(result, "phone") == ["079460958", "442079460958"]
    assert tokens(result, "id") == ["17", "170", "a1", ANN, "cookie-1", "cookie-2"]
    assert tokens(result, "old id") == [OLD_ANN]


def test_a_hidden_activity_is_not_on_the_card_and_the_newest_comes_first(tmp_path):
    found = sources(tmp_path, world())
    given = rows(
        f"""
        activity_id | customer_id | activity | type     | time                | title    | returned | show  | source | source_key
        1           | {ANN}       | reviews  | Feedback | 2026-05-01 10:00:00 | old      | false    | true  | shop   | 1
        2           | {ANN}       | reviews  | Feedback | 2026-05-03 10:00:00 | hidden   | false    | false | shop   | 2
        3           | {ANN}       | reviews  | Feedback | 2026-05-02 10:00:00 | new      | false    | true  | shop   | 3
        """,
        UNIFIED_ACTIVITIES,
    )
    write_table(given, tmp_path / "activities.parquet")
    found["unified_activities"] = Source(UNIFIED_ACTIVITIES, f"from '{tmp_path / 'activities.parquet'}'", 1, "given", 0)
    with session() as connection:
        result = publish(connection, tmp_path / "published", found, MEANINGS, run_id="one", as_of=AS_OF)
    assert ask(result, "select nth, title from activity order by nth") == [(1, "new"), (2, "old")]


def test_first_and_last_name_make_a_full_name(tmp_path):
    parts = Table("unified_profiles", "a customer", ("customer_id",), (
        *[c for c in PROFILES.columns if c.name not in ("full_name", "email")],
        *columns("given | varchar | first\nfamily | varchar | last"),
    ))  # fmt: skip
    found = sources(tmp_path, world())
    sql = f"select * exclude (full_name, email), 'Zoë' as given, 'Zimmer' as family from ({found['unified_profiles'].sql})"
    found["unified_profiles"] = Source(parts, sql, 1, "other", 0)
    with session() as connection:
        meanings = {"given": "person.first_name", "family": "person.last_name"}
        result = publish(connection, tmp_path / "published", found, meanings, run_id="one", as_of=AS_OF)
    assert ask(result, "select distinct name from customer") == [("Zoë Zimmer",)]
    assert ask(result, f"{TOKENS} where customer_id = '{BEN}' and kind in ('name', 'full name') order by 1") == [
        ("zimmer",), ("zimmer zoe",), ("zoe",), ("zoe zimmer",)
    ]  # fmt: skip


def test_column_named_like_sql_is_only_a_name(tmp_path):
    hostile = 'x"; drop table serve.customer; --'
    columns_ = tuple(replace(c, name=hostile) if c.name == "full_name" else c for c in PROFILES.columns)
    found = sources(tmp_path, world())
    quoted = '"' + hostile.replace('"', '""') + '"'
    sql = f"select full_name as {quoted}, * exclude (full_name) from ({found['unified_profiles'].sql})"
    found["unified_profiles"] = Source(replace(PROFILES, columns=columns_), sql, 1, "other", 0)
    with session() as connection:
        meanings = {**MEANINGS, hostile: "person.full_name"}
        result = publish(connection, tmp_path / "published", found, meanings, run_id="one", as_of=AS_OF)
    assert ask(result, f"select name from customer where customer_id = '{BEN}'") == [("Ben Müller",)]


def test_empty_tables_are_published(tmp_path):
    empty = {table: content.slice(0, 0) for table, content in world().items()}
    result = published(tmp_path, empty)
    assert ask(result, "select customers, known, records, visitors from facts") == [(0, 0, 0, 0)]


def test_file_is_read_only_and_private(tmp_path):
    result = published(tmp_path)
    assert result.file.stat().st_mode & 0o777 == 0o444
    assert result.folder.stat().st_mode & 0o077 == 0
    assert not list(result.folder.glob("*.wal"))


def test_equal_contents_are_not_published_again_and_their_date_moves_on(tmp_path):
    first = published(tmp_path)
    again = published(tmp_path, run="run-2", as_of=date(2026, 11, 21))
    assert (again.unchanged, again.folder, again.rows) == (True, first.folder, first.rows)
    assert read_pointer(tmp_path / "published").as_of == "2026-11-21"
    assert not published(tmp_path, run="run-3", version=1).unchanged


def test_the_last_three_are_kept(tmp_path):
    for n in range(5):
        published(tmp_path, run=f"run-{n}", version=n)
    assert sorted(path.name for path in (tmp_path / "published").iterdir()) == ["CURRENT", "run-2", "run-3", "run-4"]
    assert read_pointer(tmp_path / "published").folder == "run-4"


def test_a_run_that_publishes_twice_uses_no_path_twice(tmp_path):
    published(tmp_path, version=0)
    assert published(tmp_path, version=1).folder.name == "run-1-2"


def test_failure_leaves_the_last_publication_and_no_values(tmp_path):
    first = published(tmp_path)
    found = sources(tmp_path, world(), version=1)
    broken = Source(WORLD["alternate_keys"][0], "select error('ann@example.com')", 1, "broken", 2)
    with session() as connection, pytest.raises(EngineError) as error:
        publish(connection, tmp_path / "published", {**found, "alternate_keys": broken}, MEANINGS, run_id="run-2", as_of=AS_OF)
    assert "ann@example.com" not in str(error.value)
    assert sorted(path.name for path in (tmp_path / "published").iterdir()) == ["CURRENT", "run-1"]
    assert read_pointer(tmp_path / "published").folder == first.folder.name


def test_left_over_of_a_killed_run_is_removed(tmp_path):
    left = tmp_path / "published" / ".building-killed"
    left.mkdir(parents=True)
    (left / FILE).write_bytes(b"half")
    published(tmp_path)
    assert not left.exists()


def test_unreadable_pointer_is_none(tmp_path):
    (tmp_path / "CURRENT").write_text('{"folder": "../elsewhere", "as_of": "2026-01-01", "contents": "", "layout": "", "kept": []}')
    assert read_pointer(tmp_path) is None
    (tmp_path / "CURRENT").write_text("{")
    assert read_pointer(tmp_path) is None


def test_inputs_are_those_of_the_world():
    assert set(INPUTS) == set(WORLD)
