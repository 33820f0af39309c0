"""From files to contact profiles through the whole graph, over two refreshes, and what `cdp review contacts` says of it."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cdp_assets.cli.context import Context
from cdp_assets.cli.review_contacts import changes, review, review_contacts
from cdp_assets.config import Project, load_project
from cdp_assets.errors import UserError
from cdp_assets_tests.contacts.world import WORLD, project
from cdp_assets_tests.projects import query, run_steps, small_project

pytestmark = pytest.mark.pipeline

FILES = {
    "crm.csv": "person_no,name\n7,Ann Lee\n8,Bob Ray\n",
    "a.csv": "account_no,company,postcode\n1,Bakery,10115\n2,BAKERY,10115\n3,Smithy,20095\n",
    "e.csv": "customer_no,company_name,postcode,sector\nE1,bakery,10115,food\nE9,Mill,50667,food\n",
    "b.csv": (
        "contact_no,account_no,person_no,first_name,email\n"
        "b1,2,7,Ann,ann@bakery.test\n"  # the account with most filled fields and the greatest key wins: 2
        "b2,3,8,Bob,bob@smithy.test\n"
        "b3,1,,Cleo,cleo@bakery.test\n"  # 1 lost its deduplication
        "b4,,,Dan,dan@nowhere.test\n"
        "b5,99,,Eve,eve@nowhere.test\n"
    ),
    "p.csv": "partner_no,account,mail,job\np1,E1,ann@bakery.test,Baker\np2,E9,bob@smithy.test,Miller\n",
}
IDS = """
    select source, record_key, account_id from account_ids
    union all
    select source, record_key, contact_id from contact_ids order by all
"""
ROLES = "roles: {owner: [olga], contributor: [carl], viewer: [vera]}\n"


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = small_project(tmp_path_factory.mktemp("business"), WORLD.replace("sources:", f"{ROLES}sources:", 1), FILES)
    run_steps(made)
    return made


def profiles(made: Project) -> list[tuple[object, ...]]:
    sql = """
        select c.first_name, a.company, c.job_title, u.name
        from contact_profiles as c join account_profiles as a using (account_id) left join unified_profiles as u using (customer_id)
        order by c.first_name
    """
    return query(made, sql)


def test_row_23_contacts_without_a_link_are_counted_by_reason(refreshed: Project) -> None:
    assert query(refreshed, "select record_key, reason from contact_quarantine order by record_key") == [
        ("b3", "account_lost_deduplication"), ("b4", "no_account"), ("b5", "account_unknown"), ("p2", "another_account"),
    ]  # fmt: skip


def test_row_24_a_contact_has_one_account_and_row_25_its_attributes(refreshed: Project) -> None:
    assert profiles(refreshed) == [("Ann", "BAKERY", "Baker", "Ann Lee"), ("Bob", "Smithy", "Miller", "Bob Ray")]


def test_accounts_are_deduplicated_and_matched_by_the_code_of_customers(refreshed: Project) -> None:
    found = query(refreshed, "select company, sector, records from account_profiles order by company")
    assert found == [("BAKERY", "food", 3), ("Mill", "food", 1), ("Smithy", None, 1)]
    assert query(refreshed, "select count(*) from customer_ids where source <> 'crm'") == [(0,)]
    ids = "select count(*), count(distinct id) from (select {0}_id as id from {0}_ids union select customer_id from customer_ids)"
    assert query(refreshed, ids.format("account")) == [(5, 5)]


def test_ids_of_accounts_and_contacts_are_stable_and_the_second_refresh_changes_nothing(tmp_path: Path) -> None:
    made = small_project(tmp_path, WORLD, FILES)
    run_steps(made)
    ids = query(
        made,
        IDS,
    )
    again = run_steps(made)
    assert [name for name, result in again.items() if name.startswith(("account", "contact")) and not result.unchanged] == []
    (tmp_path / "a.csv").write_text(FILES["a.csv"].replace("Smithy,20095", "Smithy,20096") + "4,Tailor,1\n")
    run_steps(made)
    later = query(
        made,
        IDS,
    )
    assert [row for row in ids if row not in later] == []


def test_row_26_the_review_shows_seven_steps_with_settings_and_counts(refreshed: Project) -> None:
    steps = {row.step: row for row in review(refreshed)}
    assert list(steps) == [
        "Source fields", "Duplicate records", "Matching conditions", "Unified fields", "Semantic fields", "Relationships", "Review",
    ]  # fmt: skip
    assert steps["Source fields"].counts == "business: 5 records\npartners: 2 records"
    assert steps["Duplicate records"].setting == 'business: same e-mail\npartners: as match rule "e-mail"'
    assert steps["Matching conditions"].counts == "2 matched"
    assert steps["Semantic fields"].counts == "4/13 named fields mapped (contact_id is preset)\n3/17 attributes"
    assert steps["Relationships"].counts == "2/2 relationships\n2 contacts linked"
    result = steps["Review"].counts.splitlines()
    assert result[:3] == ["2 contact profiles", "3 accounts", "4 records in quarantine"]
    assert sorted(line.split()[0] for line in result[3:]) == ["1", "1", "1", "1"]


def test_row_26_the_summary_of_changes_counts_what_is_new_gone_and_elsewhere(tmp_path: Path) -> None:
    made = small_project(tmp_path, WORLD, FILES)
    assert changes(made) == ["No contacts have been made yet: `cdp refresh` makes them."]
    run_steps(made)
    assert "first version" in changes(made)[0]
    moved = FILES["b.csv"].replace("b1,2,7", "b1,3,7").replace("b4,,", "b4,3,")
    (tmp_path / "b.csv").write_text("\n".join(line for line in moved.splitlines() if not line.startswith("b2")))
    (tmp_path / "p.csv").write_text("partner_no,account,mail,job\np1,E1,ann@bakery.test,Baker\n")
    run_steps(made)
    assert changes(made) == ["Changes (version 1 against 0): 1 new, 1 gone, 1 with another account."]


def test_the_review_has_the_difference_to_the_run_before(tmp_path: Path) -> None:
    made = small_project(tmp_path, WORLD, FILES)
    run_steps(made)
    (tmp_path / "b.csv").write_text(FILES["b.csv"] + "b6,3,,Fay,fay@smithy.test\n")
    run_steps(made)
    steps = {row.step: row for row in review(made)}
    assert steps["Source fields"].counts == "business: 6 (+1) records\npartners: 2 records"
    assert steps["Unified fields"].counts == "6 (+1) contacts\n6 (+1) ids held, 0 lead to another"


def command() -> typer.Typer:
    app = typer.Typer()

    @app.callback()
    def options(context: typer.Context, project: str, as_: str) -> None:
        context.obj = Context(project, as_)

    app.command("contacts")(review_contacts)
    return app


def test_row_26_the_command_prints_counts_and_nobodys_values(refreshed: Project) -> None:
    shown = CliRunner().invoke(command(), [str(refreshed.folder), "carl", "contacts"])
    assert shown.exit_code == 0, shown.output
    assert all(word in shown.output for word in ("1 Source fields", "7 Review", "another_account", "first version"))
    assert not [value for value in ("Ann", "Bob", "bakery.test", "10115", "Smithy") if value in shown.output]


def test_the_review_needs_a_contributor(refreshed: Project) -> None:
    refused = CliRunner().invoke(command(), [str(refreshed.folder), "vera", "contacts"])
    assert isinstance(refused.exception, UserError)
    assert "needs the role contributor" in refused.exception.message


def test_a_project_without_contacts_is_told_what_to_add(tmp_path: Path) -> None:
    made = small_project(tmp_path, "version: 1\nsources: {crm: {files: crm.csv, primary_key: id, fields: {}}}", {})
    with pytest.raises(UserError, match=r"has no contacts\. Add the sections accounts and contacts"):
        review(load_project(made.folder))


def test_before_the_first_refresh_the_review_has_settings_and_no_counts() -> None:
    assert review(project())[3].counts == "-- contacts\n-- ids held, -- lead to another"
