"""The demo's files: equal every time, complete, and in line with their truth."""

from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cdp_assets.config import ConsentsSource, EventsSource, load_project
from cdp_assets.demo import generate
from cdp_assets.demo.broken import REPEATED
from cdp_assets.demo.vocabulary import GENERIC_PHONES, JUNK_EMAILS, MAIL_DOMAINS
from cdp_assets.errors import UserError
from cdp_assets_tests.demo.worlds import FILES, World

KEY_OF = {"crm": "contact_id", "loyalty": "loyalty_id", "shop": "account_no"}
NAME_OF = {"crm": "full_name", "loyalty": "name", "shop": "customer_name"}
MAIL_OF = {"crm": "email", "loyalty": "mail", "shop": "email_address"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the demo as it comes."""
    folder = tmp_path_factory.mktemp("demo")
    return World(folder, generate(folder))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _days(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "sources/web").iterdir())


# --- the same every time, and nobody else's files ---


def test_equal_arguments_give_equal_bytes(world: World, tmp_path: Path) -> None:
    generate(tmp_path)
    assert _bytes(tmp_path) == _bytes(world.folder)


def test_a_second_run_touches_no_file(tmp_path: Path) -> None:
    generate(tmp_path, people=20)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    generate(tmp_path, people=20)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


def test_another_seed_makes_other_people(world: World, tmp_path: Path) -> None:
    generate(tmp_path, seed=8)
    assert (tmp_path / "sources/crm.csv").read_bytes() != (world.folder / "sources/crm.csv").read_bytes()


def test_events_are_of_the_days_up_to_the_end(tmp_path: Path) -> None:
    generate(tmp_path, people=20, days=3, end=date(2026, 3, 1))
    assert _days(tmp_path) == ["2026-02-27", "2026-02-28", "2026-03-01"]


def test_days_of_the_run_before_go_and_own_files_stay(tmp_path: Path) -> None:
    generate(tmp_path, people=20, days=2, end=date(2026, 3, 1))
    own = tmp_path / "sources/web/2026-05-01.csv"
    own.write_text("mine")
    generate(tmp_path, people=20, days=1, end=date(2026, 3, 2))
    assert _days(tmp_path) == ["2026-03-02", "2026-05-01"]
    assert own.read_text() == "mine"


def test_a_file_of_somebody_else_in_the_way_stops_it_before_anything_changes(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/crm.csv").write_text("mine")
    with pytest.raises(UserError, match=r"sources/crm\.csv is not a file of the demo"):
        generate(tmp_path, people=20)
    assert _bytes(tmp_path) == {"sources/crm.csv": b"mine"}


def test_a_run_stopped_between_two_files_is_made_whole_by_the_next(world: World, tmp_path: Path) -> None:
    generate(tmp_path, people=20)
    half = _bytes(world.folder)["sources/shop.csv"]  # in place already, the others still of the run before
    (tmp_path / "sources/shop.csv").write_bytes(half)
    generate(tmp_path)
    assert _bytes(tmp_path) == _bytes(world.folder)


def test_a_list_of_files_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    generate(tmp_path, people=20)
    (tmp_path / "truth/made.json").write_text("{")
    with pytest.raises(UserError, match=r"Remove .*truth and run again"):
        generate(tmp_path, people=20)


def test_a_folder_that_cannot_be_one_is_said_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(UserError, match=r"could not be written below .*demo: File exists"):
        generate(tmp_path / "demo", people=20)


@pytest.mark.parametrize(("people", "days"), [(0, 14), (-1, 14), (10_000_000, 14), (300, 0)])
def test_numbers_that_make_no_world_are_refused(tmp_path: Path, people: int, days: int) -> None:
    with pytest.raises(UserError, match=r"The demo (can have|needs)"):
        generate(tmp_path, people=people, days=days)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("people", [1, 2, 3, 10])
def test_a_tiny_world_is_one_too(tmp_path: Path, people: int) -> None:
    world = World(tmp_path, generate(tmp_path, people=people, days=2))
    assert {row["person_id"] for row in world.truth["records"]} == {f"P{n:07}" for n in range(people)}


# --- files and truth say the same ---


def test_the_summary_counts_the_rows_of_the_files(world: World) -> None:
    found = Counter(file for source in FILES for file, *_ in world.lines(source))
    found["stand_in/addresses.txt"] = len((world.folder / "stand_in/addresses.txt").read_text().splitlines())
    for name in ("stand_in/mail.parquet", "stand_in/meetings.parquet"):
        found[name] = pq.read_table(world.folder / name).num_rows
    assert {file: rows for file, rows in world.summary.rows.items() if rows} == found  # on some days nobody came


def test_broken_rows_are_where_the_truth_says(world: World) -> None:
    lines = {(file, line): row for source in FILES for file, line, row in world.lines(source)}
    broken = [row for row in world.truth["quarantine"] if row["reason"] != REPEATED]
    found = [(row["source"], row["field"], row["reason"]) for row in broken]
    at_fault = [lines[row["file"], row["line"]].get(row["field"]) for row in broken]
    assert list(zip(found, at_fault, strict=True)) == [
        (("web", "ts", "not a time"), "yesterday"),
        (("web", "ts", "before the first day"), "1970-01-01T00:00:07Z"),
        (("web", "anonymous_id", "no visitor"), None),
        (("crm", "birth_date", "not a date"), "31/12/1980"),
        (("crm", "birth_date", "not a date"), "unknown"),
        (("crm", "contact_id", "empty key"), None),
        (("crm", None, "too many columns"), ["2026-01-15T09:00:00Z"]),  # what csv has no column for
        (("loyalty", "birth_date", "not a date"), "1985-02-30"),
        (("loyalty", "loyalty_id", "empty key"), None),
        (("shop", "created_at", "not a time"), "last week"),
        (("shop", "account_no", "empty key"), None),
        (("orders", "total", "not a number"), "12,50 EUR"),
        (("orders", "total", "not a number"), "free"),
        (("orders", "ordered_at", "not a time"), "15.01.2026"),
        (("orders", "order_id", "empty key"), None),
        (("till", "receipt_id", "empty key"), None),
        (("crm_accounts", "updated_at", "not a time"), "in spring"),
        (("crm_accounts", "account_no", "empty key"), None),
        (("erp_accounts", "customer_no", "empty key"), None),
        (("business_contacts", "contact_no", "empty key"), None),
        (("business_contacts", None, "too many columns"), ["New York"]),
        (("erp_contacts", "partner_no", "empty key"), None),
        (("newsletter", "mail", "nobody"), None),
        (("newsletter", "purpose", "no purpose"), None),
    ]
    assert world.summary.broken == Counter(row["source"] for row in world.truth["quarantine"])


def test_each_key_has_one_person_and_each_person_a_key(world: World) -> None:
    keys = {(source, row[name]) for source, name in KEY_OF.items() for row in world.rows(source)}
    truth = [(row["source"], row["key"]) for row in world.truth["records"]]
    assert set(truth) == keys
    assert len(truth) == len(keys)
    assert {row["person_id"] for row in world.truth["records"]} == {f"P{n:07}" for n in range(300)}


def test_people_are_in_one_two_or_three_sources(world: World) -> None:
    sources: dict[str, set[str]] = {}
    for row in world.truth["records"]:
        sources.setdefault(row["person_id"], set()).add(row["source"])
    assert {len(of) for of in sources.values()} == {1, 2, 3}


def test_crm_has_the_same_key_twice_with_different_fill(world: World) -> None:
    rows = world.rows("crm")
    twice = [key for key, n in Counter(row["contact_id"] for row in rows).items() if n > 1]
    assert len(twice) == 2
    for key in twice:
        filled = [sum(value is not None for value in row.values()) for row in rows if row["contact_id"] == key]
        assert len(set(filled)) == 2


def test_crm_has_duplicates_with_the_same_mail_and_another_key(world: World) -> None:
    person_of = {row["key"]: row["person_id"] for row in world.truth["records"] if row["source"] == "crm"}
    keys_of: dict[str, set[str]] = {}
    for row in world.rows("crm"):
        if row["email"]:
            keys_of.setdefault(row["email"].strip().lower(), set()).add(row["contact_id"] or "")
    twice = [keys for keys in keys_of.values() if len(keys) > 1]
    assert len(twice) >= 5
    assert any(len({person_of[key] for key in keys}) == 1 for keys in twice)


# --- like life, and nobody's data ---


def test_addresses_and_numbers_can_belong_to_nobody(world: World) -> None:
    for source, name in MAIL_OF.items():
        mails = [mail for row in world.rows(source) if (mail := row[name]) and mail not in JUNK_EMAILS]
        assert {mail.strip().split("@")[1] for mail in mails} <= set(MAIL_DOMAINS)
    numbers = [row["phone"] for source in ("crm", "loyalty") for row in world.rows(source) if row["phone"]]
    assert numbers
    assert all(" 555" in number or number in GENERIC_PHONES for number in numbers)


def test_sources_are_worn_as_far_as_they_should(tmp_path: Path) -> None:
    world = World(tmp_path, generate(tmp_path, people=3_000, days=1))
    crm = world.rows("crm")
    person_of = {(row["source"], row["key"]): row["person_id"] for row in world.truth["records"]}

    def share(hits: list[bool]) -> float:
        return sum(hits) / len(hits)

    written_otherwise = share([row["full_name"] != f"{row['first_name']} {row['last_name']}" for row in crm])
    assert 0.06 < written_otherwise < 0.10
    assert 0.04 < share([row["email"] is None for row in crm]) < 0.08
    assert 0.08 < share([row["birth_date"] is None for row in crm]) < 0.13
    assert 0.08 < share([row["mail"] is None for row in world.rows("loyalty")]) < 0.12

    mail_of = {person_of["crm", row["contact_id"]]: (row["email"] or "").strip().lower() for row in crm}
    both = [
        (mail_of[person], row["mail"].strip().lower())
        for row in world.rows("loyalty")
        if row["mail"] and mail_of.get(person := person_of["loyalty", row["loyalty_id"]])
    ]
    # 10 % have their other address in one of two sources: 2 x 0.1 x 0.9, and 1 % a typing error in each.
    assert 0.16 < share([one != other for one, other in both]) < 0.24


# --- the configuration beside it ---


def test_the_demo_configuration_names_the_columns_of_the_files(world: World) -> None:
    config = load_project(Path(__file__).parents[2] / "data/demo").config
    for name, source in config.sources.items():
        columns = set(world.rows(name)[0])
        if isinstance(source, ConsentsSource):
            wanted = {*source.person, source.purpose, source.given, source.at}
        else:
            wanted = {field.column or field_name for field_name, field in source.fields.items()}
        if isinstance(source, EventsSource):
            wanted |= {source.event_id, source.visitor, source.time, source.event, *source.known_as}
        assert wanted <= columns, name
