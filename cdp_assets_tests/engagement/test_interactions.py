"""The step `interactions`: consent and delay before anything is read, a year of days, resumed where it was interrupted."""

import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets.engagement.addresses import own_addresses
from cdp_assets.engagement.pseudonyms import privacy_key, pseudonym
from cdp_assets.errors import UserError
from cdp_assets.governance.tables import DECISIONS
from cdp_assets.lake import Place, session
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.contacts.world import config
from cdp_assets_tests.engagement.world import AS_OF, OWN, SETTINGS, Office, consent, contacts, make, table

WINDOW = {AS_OF - timedelta(days=age) for age in range(1, 366)}


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_PRIVACY_KEY", raising=False)


def test_without_the_tenants_consent_nothing_is_asked_and_the_step_succeeds(new_run: Runs) -> None:
    office = Office()
    result = make(new_run(AS_OF), office)
    assert (office.opened, result.rows, result.numbers["waiting_for_consent"]) == (0, 0, 1)
    assert all(check.passed for check in result.checks)


def test_the_first_run_waits_for_the_delay_after_consent(new_run: Runs, place: Place) -> None:
    office, settings = Office(), SETTINGS.model_copy(update={"delay_hours": 6})
    consent(place, settings)
    with session() as connection:
        at: datetime = connection.execute(f'select "at" from ({place.newest(DECISIONS).sql})').fetchall()[0][0]
    waiting = make(new_run(AS_OF), office, settings, now=at + timedelta(hours=5))
    assert (office.opened, waiting.rows, waiting.numbers["waits_hours"], waiting.numbers["waiting_for_consent"]) == (0, 0, 1.0, 0)
    assert make(new_run(AS_OF), office, settings, now=at + timedelta(hours=6)).rows == 365


def test_the_window_is_the_365_days_before_the_runs_day(new_run: Runs, place: Place) -> None:
    consent(place)
    office = Office()
    result = make(new_run(AS_OF), office)
    assert {row["day"] for row in table(place)} == WINDOW == office.days_read()
    assert (result.rows, result.numbers["days_of_data"], len(result.partitions)) == (365, 365, 365)
    assert {address for address, _, _ in office.asked} == set(OWN)


def test_only_days_that_are_not_there_yet_are_read(new_run: Runs, place: Place) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    office = Office()
    assert make(new_run(AS_OF), office).unchanged
    assert office.opened == 0
    later = make(new_run(AS_OF + timedelta(days=2)), office)
    assert office.days_read() == {AS_OF, AS_OF + timedelta(days=1)}
    assert {row["day"] for row in table(place)} == {day + timedelta(days=2) for day in WINDOW}
    assert later.rows == 365


def test_a_failure_keeps_what_was_read_and_the_next_run_reads_the_rest(new_run: Runs, place: Place) -> None:
    consent(place)
    broken = Office(fail_after=7)
    with pytest.raises(UserError, match="busy"):
        make(new_run(AS_OF), broken)
    kept = {row["day"] for row in table(place)}
    assert 31 <= len(kept) < 365
    office = Office()
    result = make(new_run(AS_OF), office)
    assert office.days_read() == WINDOW - kept
    assert result.rows == 365


def test_a_withdrawn_consent_empties_the_table_and_a_new_one_reads_anew(new_run: Runs, place: Place) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    consent(place, verdict="withdrawn")
    assert make(new_run(AS_OF), Office()).rows == 0
    assert table(place) == []
    consent(place)
    office = Office()
    assert make(new_run(AS_OF), office).rows == 365
    assert office.days_read() == WINDOW


@pytest.mark.parametrize("change", [{"client_id": "33333333-3333-3333-3333-333333333333"}, {"region": "UK"}, {"service": "microsoft"}])
def test_a_consent_holds_for_what_was_agreed_to_only(new_run: Runs, place: Place, change: dict[str, str]) -> None:
    consent(place)
    office = Office()
    result = make(new_run(AS_OF), office, SETTINGS.model_copy(update=change))
    assert (result.numbers["waiting_for_consent"], office.opened) == (1, 0)


def test_another_list_of_addresses_reads_every_day_anew(new_run: Runs, place: Place) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    office = Office()
    make(new_run(AS_OF), office, SETTINGS.model_copy(update={"addresses": ("ben@own.com", "cleo@own.com")}))
    assert table(place) == []
    assert {address for address, _, _ in office.asked} == {"ben@own.com", "cleo@own.com"}


def test_a_contact_that_changes_its_address_does_not_rewrite_old_days(new_run: Runs, place: Place) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    office = Office()
    make(new_run(AS_OF + timedelta(days=1)), office, contacts=contacts({"cy@new.com": "A"}))
    assert office.days_read() == {AS_OF}
    assert len(table(place)) == 364


def test_without_an_address_of_a_contact_nothing_is_read(new_run: Runs, place: Place) -> None:
    consent(place)
    office = Office()
    result = make(new_run(AS_OF), office, contacts=contacts({" ": "A"}))
    assert (office.opened, result.numbers["contact_addresses"]) == (0, 0)


def test_a_mailbox_that_may_not_be_read_is_skipped_and_counted(new_run: Runs, place: Place) -> None:
    consent(place)
    result = make(new_run(AS_OF), Office(refused=(OWN[1],)))
    assert (result.numbers["mailboxes_refused"], result.rows) == (1, 365)


def test_when_no_mailbox_may_be_read_the_step_fails(new_run: Runs, place: Place) -> None:
    consent(place)
    with pytest.raises(UserError, match="none may be read"):
        make(new_run(AS_OF), Office(refused=OWN))


def test_no_address_is_stored_anywhere_and_people_are_pseudonyms_with_a_secret_key(new_run: Runs, place: Place) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    row = table(place)[0]
    key = place.store / "keys" / "privacy.key"
    assert row["own_people"] == [pseudonym(key.read_bytes(), "ann@own.com")]
    assert row["their_people"] == [pseudonym(key.read_bytes(), "cy@a.com")]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    for file in place.store.rglob("*"):
        assert not file.is_file() or b"@own.com" not in file.read_bytes()


def test_another_key_reads_every_day_anew(new_run: Runs, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    consent(place)
    make(new_run(AS_OF), Office())
    before = table(place)[0]["own_people"]
    monkeypatch.setenv("CDP_PRIVACY_KEY", "a key of the administrator")
    make(new_run(AS_OF), Office())
    assert table(place)[0]["own_people"] != before
    monkeypatch.setenv("CDP_PRIVACY_KEY", "short")
    with pytest.raises(UserError, match="too short"):
        privacy_key(place.store)


def test_the_same_mail_gives_the_same_table(new_run: Runs, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDP_PRIVACY_KEY", "a key of the administrator")
    consent(place)
    other = Place(tmp_path / "other")
    consent(other)
    make(new_run(AS_OF - timedelta(days=3)), Office())
    assert make(new_run(AS_OF), Office()).content.split("-")[0] == make(Runs(other)(AS_OF), Office()).content.split("-")[0]
    assert table(place) == table(other)


@pytest.mark.parametrize(("count", "shown"), [(1, "1 distinct address;"), (2501, "2,501 distinct addresses;")])
def test_a_file_of_1_or_2501_addresses_is_refused_and_none_is_shown(tmp_path: Path, count: int, shown: str) -> None:
    (tmp_path / "own.txt").write_text("# own people\n\n" + "\n".join(f" A{n}@Own.com\na{n}@own.com " for n in range(count)))
    project = Project(tmp_path, tmp_path / "cdp.yaml", config(), "")
    settings = SETTINGS.model_copy(update={"addresses": "own.txt"})
    with pytest.raises(UserError, match=shown) as caught:
        own_addresses(project, settings)
    assert "from 2 to 2,500" in caught.value.message
    assert "@" not in caught.value.message


def test_a_file_of_addresses_that_is_not_there_or_holds_something_else(tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path / "cdp.yaml", config(), "")
    settings = SETTINGS.model_copy(update={"addresses": "own.txt"})
    with pytest.raises(UserError, match="there is no such file"):
        own_addresses(project, settings)
    (tmp_path / "own.txt").write_text("ann@own.com\nsecret name\n")
    with pytest.raises(UserError, match="line 2 is not") as caught:
        own_addresses(project, settings)
    assert "secret" not in caught.value.message
    (tmp_path / "own.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserError, match="UTF-8"):
        own_addresses(project, settings)
