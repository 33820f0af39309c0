"""What a run writes and reads: versions, conflicts, unchanged work, grown schemas, empty tables, crashes."""

import dataclasses
import stat
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from cdp_assets.lake import (
    AS_OF,
    Check,
    ChecksFailedError,
    Column,
    CommitConflictError,
    EngineError,
    Place,
    Source,
    Stage,
    Step,
    Table,
    by,
    columns,
    everywhere,
    no_values_in_errors,
)
from cdp_assets.lake.delta import Commit
from cdp_assets.lake.engine import DuckDBEngine
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.lake.tables import PEOPLE, PEOPLE_STAGES, REJECTS, given


def fetch(source: Source) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(f"select * from ({source.sql}) order by all").fetchall()


ANN = given("key | name\na | Ann")
BOTH = given("key | name\na | Ann\nb | Bob")


def test_a_step_makes_a_version_with_sorted_rows_and_says_what_it_came_from(new_run: Runs, place: Place) -> None:
    result = new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    assert (result.version, result.rows, result.unchanged) == (0, 2, False)
    files = DeltaTable(str(place.lake / "people")).file_uris()
    assert duckdb.execute(f"select key from '{files[0]}'").fetchall() == [("a",), ("b",)]
    entry = place.ledger.read("people")
    assert entry is not None
    assert (entry.run, entry.as_of, entry.inputs) == ("run-1", "2026-11-20", {"given": None})


def test_unchanged_work_is_not_repeated(new_run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    monkeypatch.setattr(DuckDBEngine, "run", lambda *_: pytest.fail("computed again"))
    again = new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    assert (again.version, again.rows, again.unchanged) == (0, 1, True)


@pytest.mark.parametrize("change", ["input", "statement", "setting"])
def test_a_step_runs_again_when_something_it_depends_on_changed(new_run: Runs, change: str) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN}, settings=1)
    source = dataclasses.replace(ANN, digest="other") if change == "input" else ANN
    sql = "select key, upper(name) as name from given"
    stages = [dataclasses.replace(PEOPLE_STAGES[0], body=sql)] if change == "statement" else PEOPLE_STAGES
    result = new_run().make(PEOPLE, stages, {"given": source}, settings=2 if change == "setting" else 1)
    # equal content makes no new version, whatever was computed
    assert (result.version, result.unchanged) == ((1, False) if change == "statement" else (0, True))


def test_as_of_counts_only_for_a_step_that_says_so(new_run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    computed: list[str] = []
    real = DuckDBEngine.run
    monkeypatch.setattr(DuckDBEngine, "run", lambda *a: computed.append("") or real(*a))
    new_run(date(2026, 11, 21)).make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    assert not computed
    new_run(date(2026, 11, 21)).make(PEOPLE, PEOPLE_STAGES, {"given": ANN}, uses_as_of=True)
    assert computed


def test_a_run_reads_versions_from_before_it_began_and_its_own(new_run: Runs) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    reader = new_run()
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    assert fetch(reader.read(PEOPLE)) == [("a", "Ann")]
    writer = new_run()
    writer.make(PEOPLE, PEOPLE_STAGES, {"given": given("key | name\nc | Cid")})
    assert fetch(writer.read(PEOPLE)) == [("c", "Cid")]
    assert fetch(reader.read(PEOPLE)) == [("a", "Ann")]


def test_processes_of_a_run_share_its_pinned_versions_and_a_later_run_sweeps_them(new_run: Runs, place: Place) -> None:
    from cdp_assets.lake import Run
    from cdp_assets_tests.conftest import DAY

    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    first = Run(place, "isolated", DAY)
    first.clean()
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    assert fetch(Run(place, "isolated", DAY).read(PEOPLE)) == [("a", "Ann")]
    place.sweep(keep="isolated")
    assert [folder.name for folder in (place.store / "work").iterdir()] == ["isolated"]


def test_a_commit_on_an_old_handle_is_refused(new_run: Runs) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    slow, quick = new_run(), new_run()
    quick.make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    with pytest.raises(CommitConflictError, match="another run committed"):
        slow.make(PEOPLE, PEOPLE_STAGES, {"given": given("key | name\nz | Zoe")})
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann"), ("b", "Bob")]


def test_two_first_writers_of_one_partition_do_not_both_win(new_run: Runs) -> None:
    """delta-rs retries such a commit and keeps both files, as neither removes the other's."""

    def stages(source: str) -> list[Stage]:
        return [Stage("rejects", {"given": by("key")}, "select $source as source, key from given", REJECTS, {"source": source})]

    new_run().make(REJECTS, stages("web"), {"given": ANN}, partition="web")
    first, second = new_run(), new_run()
    first.make(REJECTS, stages("crm"), {"given": ANN}, partition="crm")
    with pytest.raises(CommitConflictError):
        second.make(REJECTS, stages("crm"), {"given": ANN}, partition="crm")
    assert fetch(new_run().read(REJECTS)) == [("crm", "a"), ("web", "a")]


def test_a_partition_is_replaced_and_the_others_stay(new_run: Runs) -> None:
    def stages(source: str) -> list[Stage]:
        return [Stage("rejects", {"given": by("key")}, "select $source as source, key from given", REJECTS, {"source": source})]

    new_run().make(REJECTS, stages("crm"), {"given": BOTH}, partition="crm")
    new_run().make(REJECTS, stages("web"), {"given": BOTH}, partition="web")
    new_run().make(REJECTS, stages("crm"), {"given": ANN}, partition="crm")
    assert fetch(new_run().read(REJECTS)) == [("crm", "a"), ("web", "a"), ("web", "b")]
    new_run().make(REJECTS, stages("web"), {"given": given("key | name")}, partition="web")
    assert fetch(new_run().read(REJECTS)) == [("crm", "a")]
    again = new_run().make(REJECTS, stages("web"), {"given": given("key | name")}, partition="web")
    assert again.unchanged


def test_an_empty_table_has_a_version_and_its_types(new_run: Runs, place: Place) -> None:
    result = new_run().make(PEOPLE, PEOPLE_STAGES, {"given": given("key | name")})
    assert (result.version, result.rows) == (0, 0)
    assert fetch(new_run().read(PEOPLE)) == []
    with duckdb.connect() as connection:
        assert [row[:2] for row in connection.execute(f"describe {place.newest(PEOPLE).sql}").fetchall()] == [
            ("key", "VARCHAR"),
            ("name", "VARCHAR"),
        ]
    assert new_run().make(PEOPLE, PEOPLE_STAGES, {"given": given("key | name")}).unchanged


def test_a_table_that_does_not_exist_yet_reads_as_empty(new_run: Runs) -> None:
    assert fetch(new_run().read(PEOPLE)) == []


def test_a_grown_schema_reads_old_files_with_nulls(new_run: Runs) -> None:
    def stages(table: Table, source: str) -> list[Stage]:
        extra = ", 'why' as reason" if len(table.columns) > 2 else ""
        sql = f"select $source as source, key{extra} from given"
        return [Stage("rejects", {"given": by("key")}, sql, table, {"source": source})]

    new_run().make(REJECTS, stages(REJECTS, "crm"), {"given": ANN}, partition="crm")
    grown = dataclasses.replace(REJECTS, columns=(*REJECTS.columns, Column("reason", "varchar", "why")))
    assert fetch(new_run().read(grown)) == [("crm", "a", None)]  # no file has the column yet
    new_run().make(grown, stages(grown, "web"), {"given": ANN}, partition="web")
    assert fetch(new_run().read(grown)) == [("crm", "a", None), ("web", "a", "why")]


def test_a_crash_between_files_and_commit_leaves_the_old_version_and_the_next_run_is_whole(
    new_run: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})

    def die(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Commit, "apply", die)
        with pytest.raises(KeyboardInterrupt):
            new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann")]
    assert new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH}).version == 1
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann"), ("b", "Bob")]


def test_an_interrupt_right_after_the_commit_does_not_take_its_files_away(new_run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Commit.apply

    def commit_then_die(self: Commit, handle: DeltaTable | None) -> int:
        real(self, handle)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Commit, "apply", commit_then_die)
        with pytest.raises(KeyboardInterrupt):
            new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann"), ("b", "Bob")]
    assert new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH}).unchanged


def test_a_stage_that_fails_leaves_no_file(new_run: Runs, place: Place) -> None:
    wrong = [Stage("people", {"given": by("key")}, "select key, error('no') as name from given", PEOPLE)]
    with pytest.raises(EngineError):
        new_run().make(PEOPLE, wrong, {"given": BOTH})
    assert list((place.lake / "people").rglob("*.parquet")) == []


def test_a_refused_commit_leaves_no_file(new_run: Runs, place: Place) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    slow, quick = new_run(), new_run()
    quick.make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    with pytest.raises(CommitConflictError):
        slow.make(PEOPLE, PEOPLE_STAGES, {"given": given("key | name\nz | Zoe")})
    assert len(list((place.lake / "people").glob("*.parquet"))) == 2


def test_a_crash_between_commit_and_ledger_costs_one_computation_only(new_run: Runs, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdp_assets.lake.ledger import Ledger

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    result = new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    assert (result.version, result.unchanged) == (0, True)
    assert place.ledger.read("people") is not None


def test_an_email_address_in_a_cast_error_reaches_nobody(new_run: Runs) -> None:
    wrong = [Stage("people", {"given": by("key")}, "select cast(name as bigint) as key, name from given", PEOPLE)]
    with pytest.raises(EngineError) as caught:
        new_run().make(PEOPLE, wrong, {"given": given("key | name\na | ann@example.org")})
    error: BaseException | None = caught.value
    while error is not None:
        assert "ann@example.org" not in f"{error} {error.args} {error.__dict__}"
        error = error.__cause__ or error.__context__
    assert "ConversionException" in str(caught.value)


def test_an_email_address_in_an_error_of_delta_reaches_nobody() -> None:
    from deltalake.exceptions import DeltaError

    from cdp_assets.lake import no_values_in_errors

    with pytest.raises(EngineError) as caught, no_values_in_errors("people"):
        raise DeltaError("Preview of invalid data: ann@example.org")
    assert "ann@" not in f"{caught.value} {caught.value.__context__} {caught.value.__cause__}"


@pytest.mark.parametrize(("text", "failing"), [("key | name\na | x\na | y", "key"), ("key | name\n | x", "schema")])
def test_a_failed_blocking_check_commits_nothing(new_run: Runs, place: Place, text: str, failing: str) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    with pytest.raises(ChecksFailedError) as caught:
        new_run().make(PEOPLE, PEOPLE_STAGES, {"given": given(text)})
    assert [r.name for r in caught.value.results if not r.passed] == [failing]
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann")]
    assert len(list((place.lake / "people").glob("*.parquet"))) == 1


def test_a_check_sees_the_new_rows_and_the_inputs(new_run: Runs) -> None:
    lost = Check("conservation", "rows in = rows out", "select (select count(*) from given) - (select count(*) from people)")
    dropping = [dataclasses.replace(PEOPLE_STAGES[0], body="select key, name from given where key <> 'b'")]
    assert new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH}, checks=[lost]).checks[-1].passed
    with pytest.raises(ChecksFailedError, match="conservation: 1"):
        new_run().make(PEOPLE, dropping, {"given": BOTH}, checks=[lost])


def test_the_store_is_readable_by_its_owner_only(new_run: Runs, place: Place) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [place.store, *place.store.rglob("*")]}
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


def test_what_another_tool_commits_counts_as_a_change(new_run: Runs, place: Place) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    digests = [new_run().read(PEOPLE).digest]
    for name in ("Bea", "Cid"):
        write_deltalake(str(place.lake / "people"), pa.table({"key": ["x"], "name": [name]}), mode="overwrite")
        digests.append(new_run().read(PEOPLE).digest)
    assert len(set(digests)) == 3


def test_any_delta_reader_reads_our_tables(new_run: Runs, place: Place) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
    table = DeltaTable(str(place.lake / "people")).to_pyarrow_table()
    assert table.sort_by("key").to_pylist() == [{"key": "a", "name": "Ann"}, {"key": "b", "name": "Bob"}]


def test_a_type_that_other_engines_do_not_read_back_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="hugeint"):
        columns("n | hugeint | a sum without a cast")


def test_a_full_disk_is_said_as_such() -> None:
    from cdp_assets.lake import no_values_in_errors

    with pytest.raises(EngineError, match="disk is full"), no_values_in_errors("people"):
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")


def test_files_of_unknown_origin_do_not_become_rows(new_run: Runs, place: Place) -> None:
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    orphan = place.lake / "people" / "people-orphan-0.parquet"
    duckdb.execute(f"copy (select 'x' as key, 'X' as name) to '{orphan}' (format parquet)")
    assert Path(orphan).exists()
    assert fetch(new_run().read(PEOPLE)) == [("a", "Ann")]


def test_stages_and_checks_of_a_step_that_uses_as_of_see_the_day_of_the_run(new_run: Runs) -> None:
    stages = [Stage("people", {AS_OF.name: everywhere()}, "select 'a' as key, cast(day as varchar) as name from _as_of", PEOPLE)]
    same = Check("day", "the name is the day", "select count(*) from people, _as_of where name <> cast(day as varchar)")
    step = Step(PEOPLE, "test", "", {}, stages=lambda: stages, checks=lambda: [same], uses_as_of=True)
    run = new_run()
    assert step.run(run).checks[-1].passed
    assert fetch(run.read(PEOPLE)) == [("a", str(run.as_of))]
    assert step.origins(run, stages)["name"] == []
    assert AS_OF.name not in run.place.ledger.read("people").inputs  # type: ignore[union-attr]


@pytest.mark.parametrize("harm", ["removed", "emptied", "log"])
def test_a_damaged_table_is_said_with_its_folder_and_what_to_do(new_run: Runs, place: Place, harm: str) -> None:
    """It was `FileNotFoundError. The text of the error is withheld`, with the advice to look at one's own files."""
    new_run().make(PEOPLE, PEOPLE_STAGES, {"given": ANN})
    folder = place.lake / "people"
    for file in folder.glob("_delta_log/*.json" if harm == "log" else "*.parquet"):
        if harm == "removed":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:50] if harm == "log" else bytes(file.stat().st_size))
    said = r"a file of the table people below \.cdp/lake/people is missing or damaged\. Put it back"
    if harm == "emptied":  # a new version does not look into the files of the old one
        with pytest.raises(EngineError, match=said), no_values_in_errors("customers"):
            fetch(new_run().read(PEOPLE))
        return
    with pytest.raises(EngineError, match=said):
        new_run().make(PEOPLE, PEOPLE_STAGES, {"given": BOTH})
