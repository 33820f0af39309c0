"""The delivery of the day after: what is new, changed and gone in each file is exactly what its truth says."""

import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdp_assets.demo import generate, generate_day_two
from cdp_assets.demo.broken import REPEATED
from cdp_assets.errors import UserError
from cdp_assets_tests.demo.worlds import World

KEY_OF = {"crm": "contact_id", "loyalty": "loyalty_id", "shop": "account_no"}
NEW_FILE = "sources/web/2026-11-21.csv"
PURCHASES = {"online_orders": ("orders", "order_id"), "receipts": ("till", "receipt_id")}

Rows = list[dict[str, object]]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the demo as it comes."""
    folder = tmp_path_factory.mktemp("before")
    return World(folder, generate(folder))


@pytest.fixture(scope="module")
def after(before: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the same with the next day's delivery."""
    folder = tmp_path_factory.mktemp("after") / "demo"
    shutil.copytree(before.folder, folder)
    return World(folder, generate_day_two(folder))


@pytest.fixture(scope="module")
def told(after: World) -> dict[str, Rows]:
    """Return what the truth says of the delivery."""
    return {path.stem: pq.read_table(path).to_pylist() for path in (after.folder / "truth/day_two").iterdir()}


def _by_key(world: World, source: str) -> dict[str, list[dict[str, str | None]]]:
    rows: dict[str, list[dict[str, str | None]]] = {}
    for row in world.rows(source):
        rows.setdefault(row[KEY_OF[source]] or "", []).append(row)
    return rows


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_records_that_are_new_changed_and_gone_are_those_of_the_truth(before: World, after: World, told: dict[str, Rows]) -> None:
    for source in KEY_OF:
        was, now = _by_key(before, source), _by_key(after, source)
        found = {
            "new": now.keys() - was.keys(),
            "gone": was.keys() - now.keys(),
            "changed": {key for key in was.keys() & now.keys() if was[key] != now[key]},
        }
        true = {change: {row["key"] for row in told["records"] if (row["source"], row["change"]) == (source, change)} for change in found}
        assert found == true
        assert all(len(keys) >= 4 for keys in found.values())


def test_records_that_stay_are_in_their_order_and_the_new_ones_behind_them(before: World, after: World) -> None:
    for source, key in KEY_OF.items():
        was, now = ([row[key] for row in world.rows(source)] for world in (before, after))
        stays, old = set(now), set(was)
        assert [k for k in now if k in old] == [k for k in was if k in stays]
        assert all(k not in old for k in now[-(len(now) - sum(k in old for k in now)) :])


def test_who_a_record_belongs_to_is_the_truth_of_the_day_after(before: World, after: World) -> None:
    keys = {(source, key) for source in KEY_OF for key in _by_key(after, source)}
    was, now = ({(row["source"], row["key"]): row["person_id"] for row in world.truth["records"]} for world in (before, after))
    assert now.keys() == keys
    assert all(now[key] == was[key] for key in keys & was.keys())
    people = {row["person_id"] for row in after.truth["people"]}
    assert set(now.values()) <= people
    newcomers = people - {row["person_id"] for row in before.truth["people"]}
    assert len(newcomers) == 4
    assert {key[0] for key, person in now.items() if person in newcomers} == set(KEY_OF)
    joined = {person for key, person in now.items() if key not in was} - newcomers
    assert joined


def test_an_address_of_a_newcomer_is_nobody_elses(after: World) -> None:
    addresses = Counter(row["email"] for row in after.truth["people"] if row["email_of"] == row["person_id"])
    assert set(addresses.values()) == {1}


def test_the_new_file_has_the_days_events_late_ones_and_repeated_ones(before: World, after: World, told: dict[str, Rows]) -> None:
    known = {row["event_id"] for row in before.rows("web")}
    repeated = {(row["file"], row["line"]) for row in after.truth["quarantine"] if row["reason"] == REPEATED}
    found = []
    for file, line, row in after.lines("web"):
        if file == NEW_FILE:
            today = (row["ts"] or "").startswith("2026-11-21")
            kind = "repeated" if (file, line) in repeated else "new" if today else "late"
            assert (row["event_id"] in known) == (kind == "repeated")
            found.append((row["event_id"], row["anonymous_id"], kind))
    assert Counter(found) == Counter((row["event_id"], row["visitor"], row["change"]) for row in told["events"])
    kinds = Counter(kind for *_, kind in found)
    assert kinds["new"] > 20
    assert kinds["late"] >= 3
    assert kinds["repeated"] >= 3


def test_purchases_that_are_new_due_or_of_who_is_gone_are_those_of_the_truth(before: World, after: World, told: dict[str, Rows]) -> None:
    was, now = (
        {(row["activity"], row["key"]): row["outcome"] for row in world.truth["purchases"] if row["outcome"] != "repeated_key"}
        for world in (before, after)
    )
    expected = {}
    for key, outcome in now.items():
        if key not in was:
            expected[key] = "new"
        elif outcome != was[key]:
            expected[key] = {"kept": "now_due", "customer_unknown": "customer_gone"}[outcome]
    assert {(row["activity"], row["key"]): row["change"] for row in told["purchases"]} == expected
    assert set(expected.values()) >= {"new", "customer_gone"}
    assert was.keys() <= now.keys()
    for activity, (source, key) in PURCHASES.items():
        assert {row[key] for row in after.rows(source)} == {k for a, k in now if a == activity}


def test_what_is_true_of_contacts_consents_and_companies_stays(before: World, after: World) -> None:
    for truth in ("contacts", "consents", "companies", "subsidiaries"):
        assert after.truth[truth] == before.truth[truth]


def test_engagement_is_that_of_the_365_days_before_the_day_after(tmp_path: Path) -> None:
    def counted(world: World) -> int:
        return sum(row["emails_from"] + row["emails_to"] + row["meetings"] for row in world.truth["engagement"])

    before = World(tmp_path, generate(tmp_path, people=1_000, days=1))
    ((first_day,),) = before.query("select count(*) from mail where received_at < timestamp '2025-11-21'")
    after = World(tmp_path, generate_day_two(tmp_path))
    assert isinstance(first_day, int)
    assert 0 < counted(before) - counted(after) < 3 * first_day


def test_only_the_files_of_the_delivery_change(before: World, after: World) -> None:
    was, now = _bytes(before.folder), _bytes(after.folder)
    assert was.keys() <= now.keys()
    changed = {name for name in now if now[name] != was.get(name) and not name.startswith("truth/")}
    assert changed == {f"sources/{name}" for name in ("crm.csv", "loyalty.parquet", "shop.csv", "orders.csv", "till.parquet")} | {NEW_FILE}


def test_a_second_run_touches_no_file(after: World) -> None:
    before = {path: path.stat().st_mtime_ns for path in after.folder.rglob("*") if path.is_file()}
    generate_day_two(after.folder)
    assert {path: path.stat().st_mtime_ns for path in after.folder.rglob("*") if path.is_file()} == before


def test_the_first_day_takes_the_delivery_back(before: World, after: World, tmp_path: Path) -> None:
    shutil.copytree(after.folder, tmp_path / "demo")
    generate(tmp_path / "demo")
    assert _bytes(tmp_path / "demo") == _bytes(before.folder)


def test_the_delivery_is_that_of_the_world_that_is_there(tmp_path: Path) -> None:
    generate(tmp_path, people=40, seed=9, days=20, end=date(2026, 2, 28))
    world = World(tmp_path, generate_day_two(tmp_path))
    assert world.summary.people == 40
    assert world.summary.day == date(2026, 3, 1)
    assert (tmp_path / "sources/web/2026-03-01.csv").is_file()
    assert json.loads((tmp_path / "truth/world.json").read_text())["next_day"] is True


def test_the_summary_counts_what_the_delivery_brings(after: World, told: dict[str, Rows]) -> None:
    counted = Counter(f"{row['source']} {row['change']}" for row in told["records"])
    counted += Counter(f"web {row['change']}" for row in told["events"])
    counted += Counter("purchases new" for row in told["purchases"] if row["change"] == "new")
    assert after.summary.changes == counted


@pytest.mark.parametrize("people", [1, 3, 10])
def test_a_tiny_world_has_a_day_after_too(tmp_path: Path, people: int) -> None:
    generate(tmp_path, people=people, days=2)
    world = World(tmp_path, generate_day_two(tmp_path))
    assert world.truth["records"]


def test_without_a_demo_world_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no demo world in .* `cdp demo` makes one"):
        generate_day_two(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"people": "many"}', '{"people": 9, "seed": 7, "days": 3, "end": "soon"}'])
def test_a_world_that_does_not_say_which_is_not_guessed(tmp_path: Path, text: str) -> None:
    generate(tmp_path, people=20, days=2)
    (tmp_path / "truth/world.json").write_text(text)
    with pytest.raises(UserError, match=r"world\.json does not say which demo world this is"):
        generate_day_two(tmp_path)
