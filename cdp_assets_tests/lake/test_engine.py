"""Stages: how rows meet, and what the engine refuses. That results do not depend on buckets is tested in test_all_stages."""

from pathlib import Path

import duckdb
import pytest

from cdp_assets.lake import Source, Stage, Table, anyhow, by, engine, everywhere, intermediate, whole
from cdp_assets_tests.support import run_stages

PAIRS = intermediate("pairs", "k | varchar | key\nn | bigint | number", ("k", "n"))
LEFT = "k | n\na | 1\na | 2\n  | 3\nb | 4"


def test_by_brings_equal_values_together() -> None:
    stage = Stage("out", {"t": by("k")}, "select k, count(*) as n from t group by k", PAIRS)
    for buckets in (1, 2, 7):
        assert [(r["k"], r["n"]) for r in run_stages([stage], buckets=buckets, t=LEFT)] == [("a", 2), ("b", 1), (None, 1)]


def test_nulls_can_be_dropped_before_a_join() -> None:
    stage = Stage("out", {"t": by("k", nulls="drop")}, "select k, count(*) as n from t group by k", PAIRS)
    assert [r["k"] for r in run_stages([stage], t=LEFT)] == ["a", "b"]


def test_a_stage_reads_an_earlier_one_and_gets_its_parameters() -> None:
    first = Stage("first", {"t": anyhow()}, "select k, cast(n as bigint) + $add as n from t where k is not null", PAIRS, {"add": 10})
    second = Stage(
        "second", {"first": by("k"), "t": everywhere()}, "select f.k, f.n from first f where f.n > (select count(*) + 7 from t)", PAIRS
    )
    assert [r["n"] for r in run_stages([first, second], t=LEFT)] == [12, 14]


@pytest.mark.parametrize("meet", [by("k"), anyhow()])
def test_an_empty_input_yields_no_row_even_for_an_aggregate_without_group_by(meet: object) -> None:
    stage = Stage("out", {"t": meet}, "select 'all' as k, count(*) as n from t", PAIRS)  # type: ignore[dict-item]
    assert run_stages([stage], t="k | n") == []


def test_whole_sees_empty_inputs_too() -> None:
    stage = Stage("out", {"t": whole()}, "select 'all' as k, count(*) as n from t", PAIRS)
    assert run_stages([stage], t="k | n") == [{"k": "all", "n": 0}]


def test_whole_refuses_more_rows_than_declared() -> None:
    stage = Stage("out", {"t": whole(max_rows=3)}, "select k, cast(n as bigint) as n from t", PAIRS)
    with pytest.raises(Exception, match="4 rows, more than the 3"):
        run_stages([stage], t=LEFT)


def test_keys_of_unequal_types_are_refused() -> None:
    import pyarrow as pa

    left, right = pa.table({"k": pa.array([1.0])}), pa.table({"k": pa.array([1], pa.int64())})
    stage = Stage("out", {"l": by("k"), "r": by("k")}, "select 'x' as k, count(*) as n from l join r using (k)", PAIRS)
    with pytest.raises(Exception, match="unequal types: BIGINT, DOUBLE"):
        run_stages([stage], l=left, r=right)


def test_an_input_that_nobody_supplies_is_named() -> None:
    with pytest.raises(Exception, match="reads u: no such input"):
        run_stages([Stage("out", {"u": by("k")}, "select 1", PAIRS)], t=LEFT)


def test_the_output_is_cast_to_its_declaration_and_sorted_by_its_key() -> None:
    stage = Stage("out", {"t": by("k")}, "select k, n from t order by n desc", PAIRS)
    assert [(r["k"], r["n"]) for r in run_stages([stage], t=LEFT)] == [("a", 1), ("a", 2), ("b", 4), (None, 3)]


def test_a_stage_whose_result_is_far_wider_than_its_inputs_is_split_until_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = intermediate("out", "k | bigint | key\na | varchar | wide\nb | varchar | wide\nc | varchar | wide", ("a",))
    wide = "select k, md5(k || 'a') as a, md5(k || 'b') || md5(k || 'c') as b, md5(k || 'd') || md5(k || 'e') as c from t"
    file, rows = tmp_path / "t.parquet", 1_000_000
    with duckdb.connect() as connection:
        connection.execute(f"copy (select range as k from range({rows})) to '{file}'")
    source = Source(Table("t", "given by a test", (), ()), f"select * from read_parquet('{file}')", file.stat().st_size)
    asked: list[int] = []
    run = engine._run_stage

    def remembered(*given: object) -> object:
        asked.append(given[-1])  # type: ignore[arg-type]
        return run(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "_run_stage", remembered)
    stage = Stage("out", {"t": by("k")}, wide, out)
    made = engine.DuckDBEngine(memory=32 << 20, threads=1).run([stage], {"t": source}, tmp_path / "o", tmp_path / "w")
    assert made["out"].rows == rows
    assert asked == sorted(set(asked))
    assert len(asked) > 1
    assert {path.name for path in (tmp_path / "o").glob("*.parquet")} == {each.path.name for each in made["out"].files}


def _made(tmp_path: Path, *stages: Stage) -> duckdb.DuckDBPyConnection:
    """The stages run over 50,000 numbers that stand in no order; a connection to look at the files."""
    file = tmp_path / "t.parquet"
    connection = duckdb.connect()
    connection.execute(f"copy (select range * 7919 % 50000 as k from range(50000)) to '{file}'")
    source = Source(Table("t", "given by a test", (), ()), f"select * from read_parquet('{file}')", file.stat().st_size)
    engine.DuckDBEngine(threads=1).run(stages, {"t": source}, tmp_path / "kept", tmp_path / "work")
    return connection


def test_a_table_whose_rows_are_looked_up_is_written_in_small_parts(tmp_path: Path) -> None:
    table = Table("out", "given by a test", ("k",), intermediate("out", "k | bigint | key").columns, looked_up=True)
    with _made(tmp_path, Stage("out", {"t": by("k")}, "select k from t", table)) as connection:
        parts = connection.execute(
            f"select distinct row_group_id, row_group_num_rows from parquet_metadata('{tmp_path}/kept/*.parquet') order by 1"
        ).fetchall()
        assert [rows for _, rows in parts] == [20480, 20480, 9040]
        assert connection.execute(f"select k from read_parquet('{tmp_path}/kept/*.parquet')").fetchall() == [(k,) for k in range(50000)]


def test_rows_that_come_in_order_are_written_as_they_come(tmp_path: Path) -> None:
    table = Table("out", "given by a test", ("k",), intermediate("out", "k | bigint | key").columns)
    runs = "(select k from t where k % 2 = 0 order by k) union all (select k from t where k % 2 = 1 order by k)"
    with _made(tmp_path, Stage("out", {"t": by("k")}, runs, table, in_order=True)) as connection:
        found = connection.execute(f"select k from read_parquet('{tmp_path}/kept/*.parquet')").fetchall()
    assert [k for [k] in found] == [*range(0, 50000, 2), *range(1, 50000, 2)]


def test_an_enum_of_the_statement_is_text_in_the_file_and_sorted_as_text(tmp_path: Path) -> None:
    table = Table("out", "given by a test", ("k", "n"), intermediate("out", "k | varchar | text\nn | bigint | number").columns)
    body = "select cast(if(k % 2 = 0, 'b', 'a') as enum('b', 'a')) as k, k as n from t"
    with _made(tmp_path, Stage("out", {"t": anyhow()}, body, table, enums=("k",))) as connection:
        found = connection.execute(f"select k, typeof(k), n from read_parquet('{tmp_path}/kept/*.parquet')").fetchall()
    assert found == [*(("a", "VARCHAR", n) for n in range(1, 50000, 2)), *(("b", "VARCHAR", n) for n in range(0, 50000, 2))]


def test_only_what_is_kept_or_has_a_key_is_sorted(tmp_path: Path) -> None:
    loose, keyed, last = (
        intermediate(each, "k | bigint | number", ("k",) if each == "keyed" else ()) for each in ("loose", "keyed", "last")
    )
    stages = (
        Stage("loose", {"t": anyhow()}, "select k from t", loose),
        Stage("keyed", {"loose": anyhow()}, "select k from loose", keyed),
        Stage("last", {"loose": anyhow(), "keyed": anyhow()}, "select k from loose", last),
    )
    with _made(tmp_path, *stages) as connection:

        def first(files: str) -> list[int]:
            return [row[0] for row in connection.execute(f"select k from read_parquet('{tmp_path}/{files}') limit 3").fetchall()]

        assert first("work/loose-*.parquet") == [0, 7919, 15838]
        assert first("work/keyed-*.parquet") == [0, 1, 2]
        assert first("kept/*.parquet") == [0, 1, 2]
