"""Runs of exports: who is sent, who is not and why, and what is written down."""

import csv
import stat
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from cdp_assets.errors import UserError
from cdp_assets.exports import confirm, confirmation
from cdp_assets.exports.run import ExportRefusedError
from cdp_assets.lake import ChecksFailedError, Place, Run, Source
from cdp_assets_tests.conftest import Runs
from cdp_assets_tests.exports.world import PERSONAL, ask, confirmed, fill, ledger, project, run_export, segments_of


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "p" / ".cdp")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "p"


def filled(new_run: Runs, made, **given) -> Run:
    """A run over the tables that a run before it has made."""
    fill(new_run(), made, **given)
    return new_run()


def lines(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))


def runs(made, export: str) -> list[tuple]:
    return ask(made, f"select state, selected, delivered, message from export_runs where export = '{export}' and state <> 'started'")


# Brief row 28: an export has a connection, segments, and members in exactly one state.
def test_a_file_export_writes_the_consenting_members_with_the_chosen_fields(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    result = run_export(filled(new_run, made), made, "agency")
    assert lines(folder / "exports/agency/high_value.csv") == [
        ["customer_id", "full_name", "email"],
        ["ann", 'Ann "Annie" O\'Neil', "ann@x.example"],
        ["bob", "Bob, the\nBuilder", ""],
        ["eve", "'=1+1", "eve@x.example"],
    ]
    assert ledger(made, "agency") == {
        "ann": ("delivered", None), "bob": ("delivered", None), "eve": ("delivered", None),
        "cat": ("suppressed", None), "dan": ("suppressed", None),
    }  # fmt: skip
    assert all(check.passed for check in result.checks)
    assert {check.name for check in result.checks} == {"closed_state", "schema", "key", "selected_is_the_sum_of_states"}
    [(state, selected, delivered, message)] = runs(made, "agency")
    assert (state, selected, delivered) == ("done", 5, 3)
    assert message == "3 of 5 members are in files of Files for the agency. 2 were left out because they have not consented to newsletter."


def test_values_with_quotes_commas_and_line_breaks_are_quoted_as_rfc_4180_says(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "agency")
    text = (folder / "exports/agency/high_value.csv").read_text(encoding="utf-8")
    assert text.startswith('customer_id,full_name,email\nann,"Ann ""Annie"" O\'Neil",ann@x.example\nbob,"Bob, the\nBuilder",')


def test_files_and_folders_are_for_their_owner_only_and_nothing_is_left_beside_them(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "agency")
    file = folder / "exports/agency/high_value.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == ["high_value.csv"]


def test_a_second_run_replaces_the_file_and_both_are_written_down(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "ids")
    run = new_run()
    fill(run, made, segment_membership="segment | member_id | entered_on | left_on\nhigh_value | bob | 2026-01-01 |")
    run_export(new_run(), made, "ids")
    assert lines(folder / "exports/ids/high_value.csv") == [["customer_id"], ["bob"]]
    assert ask(made, "select count(distinct run_id), count(*) from export_ledger") == [(2, 6)]
    assert ask(made, "select selected from export_ids order by segment") == [(1,), (0,)]


def test_a_segment_with_no_members_is_a_file_with_only_the_header_and_the_message_says_so(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "ids")
    assert lines(folder / "exports/ids/nobody.csv") == [["customer_id"]]
    [(state, selected, delivered, message)] = runs(made, "ids")
    assert (state, selected, delivered) == ("done", 5, 5)
    assert "Segment nobody has no members: its file has only the header." in message
    assert ask(made, "select segment, state, selected, delivered from export_ids order by segment") == [
        ("high_value", "done", 5, 5),
        ("nobody", "done", 0, 0),
    ]


def test_a_file_that_cannot_be_written_fails_its_segment_and_the_others_go_on(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    (folder / "exports/ids/high_value.csv").mkdir(parents=True)
    run_export(filled(new_run, made), made, "ids")
    [(state, selected, delivered, message)] = runs(made, "ids")
    assert (state, selected, delivered) == ("done_with_errors", 5, 0)
    assert "Completed with errors." in message
    assert "Segment high_value was not written: a folder or file of that name is in the way." in message
    assert {each[0] for each in ledger(made, "ids").values()} == {"failed"}
    assert lines(folder / "exports/ids/nobody.csv") == [["customer_id"]]


def test_where_no_file_can_be_written_the_run_has_failed_and_is_written_down(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    (folder / "exports/agency/high_value.csv").mkdir(parents=True)
    with pytest.raises(ExportRefusedError, match="Failed: no file was written"):
        run_export(filled(new_run, made), made, "agency")
    assert runs(made, "agency")[0][:3] == ("failed", 5, 0)
    assert ask(made, "select state, count(*) from export_ledger group by 1 order by 1") == [("failed", 3), ("suppressed", 2)]


def test_a_link_does_not_lead_files_out_of_the_project_or_into_its_store(new_run: Runs, folder: Path, tmp_path: Path) -> None:
    made = confirmed(folder)
    (tmp_path / "elsewhere").mkdir()
    (folder / "exports").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportRefusedError, match="leads out of the project"):
        run_export(filled(new_run, made), made, "agency")
    assert list((tmp_path / "elsewhere").iterdir()) == []


# Brief row 30: contacts must exist, none is created.
def test_a_dry_run_has_the_contact_of_each_member_and_sends_nothing(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "both")
    assert ledger(made, "both") == {
        "ann": ("dry_run", "17"),  # of several ids the smallest, as text
        "bob": ("dry_run", "2"), "cat": ("dry_run", "3"), "dan": ("dry_run", "4"),
        "eve": ("no_contact", None),
    }  # fmt: skip
    [(state, selected, delivered, message)] = runs(made, "both")
    assert (state, selected, delivered) == ("dry_run", 5, 0)
    assert "Dry run: 4 of 5 members would go to Contoso Sales; nothing was sent, and no contact was created" in message
    assert "real connections to Dynamics 365 follow in a later version" in message
    assert "1 were left out because no contact of them is known (crm.id)." in message


def test_consent_comes_before_the_contact(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "sales")
    states = {member: state for member, (state, _) in ledger(made, "sales").items()}
    assert states == {"ann": "dry_run", "bob": "dry_run", "cat": "suppressed", "dan": "suppressed", "eve": "no_contact"}


def test_the_contact_id_may_be_a_field_of_the_records_and_empty_text_is_none(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made), made, "field")
    assert ledger(made, "field") == {
        "ann": ("dry_run", "C-10"), "cat": ("dry_run", "C-3"),
        "bob": ("no_contact", None), "dan": ("no_contact", None), "eve": ("no_contact", None),
    }  # fmt: skip


def test_where_no_contact_is_known_the_run_is_refused_before_the_first_write(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run = filled(new_run, made, alternate_keys="source | record_key | customer_id | kind\nother | 5 | ann | record")
    with pytest.raises(ExportRefusedError, match=r"Refused before the first write: of none of the 5 members to send a contact is known"):
        run_export(run, made, "mail")
    assert set(ledger(made, "mail").values()) == {("no_contact", None)}
    assert runs(made, "mail")[0][:3] == ("refused", 5, 0)
    assert ask(made, "select state, no_contact, dry_run from export_mail") == [("refused", 5, 0)]


def test_members_who_are_all_suppressed_are_no_reason_to_refuse(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run_export(filled(new_run, made, consents="customer_id | purpose | given\nann | post | true"), made, "sales")
    assert {state for state, _ in ledger(made, "sales").values()} == {"suppressed"}
    assert runs(made, "sales")[0][0] == "dry_run"


# Brief row 31: 100,000 contacts a segment for Sales.
def many(segments: dict[str, int]) -> pa.Table:
    parts = [
        duckdb.sql(f"select '{segment}' as segment, 'm' || range as member_id, date '2026-01-01' as entered_on from range({count})")
        for segment, count in segments.items()
    ]
    return pa.concat_tables([part.to_arrow_table() for part in parts])


def keys_of_many(count: int) -> pa.Table:
    sql = f"select 'crm' as source, 'k' || range as record_key, 'm' || range as customer_id, 'record' as kind from range({count})"
    return duckdb.sql(sql).to_arrow_table()


def test_a_segment_of_100_001_is_refused_whole_for_sales_and_the_others_go_on(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    members = many({"high_value": 100_001, "nobody": 3})
    run_export(filled(new_run, made, segment_membership=members, alternate_keys=keys_of_many(100_001)), made, "both")
    assert ask(made, "select segment, state, count(*) from export_ledger group by all order by all") == [
        ("high_value", "refused", 100_001),
        ("nobody", "dry_run", 3),
    ]
    [(state, selected, _, message)] = runs(made, "both")
    assert (state, selected) == ("done_with_errors", 100_004)
    assert "Segment high_value was not sent: 100,001 members, and Dynamics 365 Sales takes at most 100,000 a segment." in message
    assert ask(made, "select distinct reason from export_ledger where state = 'refused'") == [
        ("100,001 members, and Dynamics 365 Sales takes at most 100,000 a segment",)
    ]


def test_a_segment_of_100_000_goes_to_sales(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    members = many({"high_value": 100_000})
    run_export(filled(new_run, made, segment_membership=members, alternate_keys=keys_of_many(100_000)), made, "both")
    assert ask(made, "select state, dry_run from export_both order by segment") == [("dry_run", 100_000), ("dry_run", 0)]


def test_where_every_segment_is_too_large_the_run_is_refused(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run = filled(new_run, made, segment_membership=many({"high_value": 100_001}))
    with pytest.raises(ExportRefusedError, match=r"Refused: nothing was sent\. Segment high_value was not sent: 100,001 members"):
        run_export(run, made, "sales")
    assert ask(made, "select state, count(*) from export_ledger group by 1") == [("refused", 100_001)]


def test_marketing_takes_what_sales_refuses(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    members = many({"high_value": 100_001})
    run_export(filled(new_run, made, segment_membership=members, alternate_keys=keys_of_many(100_001)), made, "mail")
    assert runs(made, "mail")[0][:2] == ("dry_run", 100_001)


# Brief row 27: a connection is confirmed by an administrator, and again when it changes.
def test_a_run_over_a_connection_that_is_not_confirmed_is_refused_with_the_command_and_written_down(new_run: Runs, folder: Path) -> None:
    made = project(folder)
    with pytest.raises(ExportRefusedError, match=r"files \(Files for the agency\) is not confirmed\..*`cdp connection confirm files`"):
        run_export(filled(new_run, made), made, "agency")
    assert not (folder / "exports").exists()
    assert {state for state, _ in ledger(made, "agency").values()} == {"refused"}
    assert ask(made, "select state, selected, refused from export_agency") == [("refused", 5, 5)]


@pytest.mark.parametrize(
    "change",
    [
        ("folder: exports,", "folder: elsewhere,"),
        ("kind: file, name: Files for the agency,", "kind: file, name: Files for another,"),
        ("folder: exports, agree", "folder: exports, share_with: [contributor], agree"),
    ],
    ids=["folder", "name", "shared"],
)
def test_a_changed_connection_needs_a_new_confirmation(new_run: Runs, folder: Path, change: tuple[str, str]) -> None:
    assert confirmation(confirmed(folder), "files") == "confirmed"
    made = project(folder, change)
    assert confirmation(made, "files") == "changed since it was confirmed"
    with pytest.raises(ExportRefusedError, match="is changed since it was confirmed"):
        run_export(filled(new_run, made), made, "agency")
    confirm(made, "adam", "files")
    run_export(new_run(), made, "agency")
    assert [row[0] for row in ask(made, "select state from export_runs order by started, state desc")] == ["refused", "started", "done"]


# What a run reads, and what it writes down.
def test_tables_that_do_not_belong_together_are_not_exported(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    fill(new_run(), made)
    run = new_run()
    entry = run.place.ledger.read("segment_membership")
    assert entry is not None
    run.place.ledger.write("segment_membership", type(entry)(**{**entry.__dict__, "inputs": {"unified_profiles": 7}}))
    with pytest.raises(ChecksFailedError, match=r"so nothing was exported\.") as error:
        run_export(run, made, "agency")
    assert "Refresh these assets, then export_agency: segment_membership" in error.value.message
    assert [(r.name, r.passed) for r in error.value.results] == [("closed_state", False)]
    assert ask(made, "select count(*) from export_runs") == [(0,)]


def test_a_segment_that_no_refresh_has_computed_is_not_taken_for_an_empty_one(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run = filled(new_run, made, segments=segments_of(made).rpartition("\n")[0])
    with pytest.raises(UserError, match=r"since the last refresh: nobody\. Run `cdp refresh`"):
        run_export(run, made, "ids")
    assert not (folder / "exports").exists()


def test_a_rule_that_changed_since_the_last_refresh_sends_nobody(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run = filled(new_run, made)
    with pytest.raises(UserError, match=r"changed in cdp\.yaml since the last refresh: high_value\."):
        run_export(run, project(folder, ("country: DE", "country: AT")), "agency")


def test_the_same_run_twice_changes_nothing(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    run = filled(new_run, made)
    first = run_export(run, made, "agency")
    file = folder / "exports/agency/high_value.csv"
    file.unlink()
    again = run_export(run, made, "agency")
    assert (again.version, again.content) == (first.version, first.content)
    assert not file.exists()
    assert ask(made, "select (select count(*) from export_ledger), (select count(*) from export_runs)") == [(5, 2)]


def test_a_refused_run_tried_again_is_refused_again_and_written_down_once(new_run: Runs, folder: Path) -> None:
    made = project(folder)
    run = filled(new_run, made)
    for _ in range(2):
        with pytest.raises(ExportRefusedError, match="is not confirmed"):
            run_export(run, made, "agency")
    assert ask(made, "select (select count(*) from export_ledger), (select count(*) from export_runs)") == [(5, 1)]


def test_a_lost_member_stops_the_run_before_anything_leaves(new_run: Runs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdp_assets.exports import run as module

    made = confirmed(folder)
    whole = module._planned

    def one_lost(*arguments) -> Source:
        source = whole(*arguments)
        return Source(source.table, f"select * from ({source.sql}) where member_id <> 'ann'", digest="lost")

    monkeypatch.setattr(module, "_planned", one_lost)
    with pytest.raises(ChecksFailedError) as error:
        run_export(filled(new_run, made), made, "agency")
    assert [(r.name, r.violations) for r in error.value.results] == [("selected_is_the_sum_of_states", 1)]
    assert not (folder / "exports").exists()
    assert ask(made, "select (select count(*) from export_ledger), (select count(*) from export_runs)") == [(0, 0)]


def test_no_personal_value_is_in_messages_numbers_or_reasons(new_run: Runs, folder: Path) -> None:
    made = confirmed(folder)
    for name in ("agency", "ids", "sales", "field", "both", "mail"):
        result = run_export(filled(new_run, made), made, name)
        assert not [value for value in PERSONAL if value in str(result.numbers)]
    said = str(ask(made, "select message, user_name from export_runs") + ask(made, "select reason from export_ledger"))
    assert not [value for value in PERSONAL if value in said]


def test_a_field_that_was_added_to_cdp_yaml_since_the_last_refresh_is_empty(new_run: Runs, folder: Path) -> None:
    run = filled(new_run, confirmed(folder))
    made = confirmed(folder, ("crm_id: text}", "crm_id: text, town: location.city}"), ("fields: [full_name, email]", "fields: [town]"))
    run_export(run, made, "agency")
    assert lines(folder / "exports/agency/high_value.csv")[:2] == [["customer_id", "town"], ["ann", ""]]
