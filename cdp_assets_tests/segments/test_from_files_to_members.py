"""From files to members of a segment through the lake, over several days: consents, what enters and leaves, second runs."""

from datetime import date
from pathlib import Path

import pytest

from cdp_assets.config import Project
from cdp_assets_tests.projects import contents, query, run_steps, small_project, versions

pytestmark = pytest.mark.pipeline

CONFIG = """
version: 1
sources:
  crm: {files: crm.csv, primary_key: id, fields: {mail: identity.email, country: location.country}}
  newsletter: {kind: consents, files: consents.csv, person: {address: identity.email}, given: opt_in}
segments:
  germans: {all: [{profile.country: DE}, {consent.newsletter: true}]}
  martians: {all: [{profile.country: Mars}]}
"""
CRM = "id,mail,country\n1,ann@x.org,DE\n2,Bob@x.org,DE\n3,cid@x.org,AT\n"
CONSENTS = """\
address,purpose,opt_in,at
ann@x.org,Newsletter,yes,2024-01-01
bob@x.org,newsletter,yes,2024-02-10
bob@x.org,,yes,2024-02-10
cid@x.org,newsletter,yes,2024-01-01
nobody@x.org,newsletter,no,2024-01-01
"""


def write(folder: Path, crm: str = CRM, consents: str = CONSENTS) -> Project:
    return small_project(folder, CONFIG, {"crm.csv": crm, "consents.csv": consents})


def memberships(project: Project) -> list[tuple[object, ...]]:
    sql = """
        select p.mail, m.segment, strftime(m.entered_on, '%m-%d'), strftime(m.left_on, '%m-%d'), m.reason
        from segment_membership as m join unified_profiles as p on p.customer_id = m.member_id order by all
        """
    return query(project, sql)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = write(tmp_path)
    run_steps(made, date(2024, 2, 1))
    return made


def test_members_follow_consents_and_profiles_from_day_to_day(project: Project) -> None:
    assert memberships(project) == [("ann@x.org", "germans", "02-01", None, "rule holds")]
    run_steps(project, date(2024, 2, 10))  # the day of Bob's consent
    assert memberships(project)[0] == ("Bob@x.org", "germans", "02-10", None, "rule holds")
    withdrawn = write(project.folder, consents=f"{CONSENTS}ann@x.org,newsletter,no,2024-02-11\n")
    run_steps(withdrawn, date(2024, 2, 11))
    assert memberships(project) == [
        ("Bob@x.org", "germans", "02-10", None, "rule holds"),
        ("ann@x.org", "germans", "02-01", "02-11", "rule no longer holds"),
    ]
    assert query(project, "select segment, members, state, entered, departed from segments order by all") == [
        ("germans", 1, "members", 0, 1),
        ("martians", 0, "empty", 0, 0),
    ]


def test_a_second_refresh_on_the_same_day_changes_nothing(project: Project) -> None:
    before, first = contents(project), versions(project)
    results = run_steps(project, date(2024, 2, 1))
    assert contents(project) == before
    assert versions(project) == first
    assert all(check.passed for result in results.values() for check in result.checks)


def test_every_statement_is_in_the_lake_or_in_quarantine(project: Project) -> None:
    assert query(project, "select source_line, field, reason from quarantine") == [(4, "purpose", "what the consent is for is missing")]
    assert query(project, "select source_line, customer_id is null from consent_statements order by 1") == [
        (2, False),
        (3, False),
        (5, False),
        (6, True),
    ]
    assert query(project, "select count(*), count(*) filter (given) from consents") == [(2, 2)]


def test_who_leaves_the_files_leaves_the_segment(project: Project) -> None:
    run_steps(write(project.folder, crm=CRM.replace("1,ann@x.org,DE\n", "")), date(2024, 2, 2))
    found = query(project, "select strftime(left_on, '%m-%d'), reason from segment_membership")
    assert found == [("02-02", "no longer a customer")]
