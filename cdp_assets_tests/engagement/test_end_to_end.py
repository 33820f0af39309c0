"""From the files of the stand-in, over HTTPS and with msal, to scores of accounts: what the demo does."""

import logging
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import typer
from pyarrow import parquet
from typer.testing import CliRunner

from cdp_assets.cli import consent
from cdp_assets.cli.context import Context
from cdp_assets.config import Project, load_project
from cdp_assets.contacts.tables import contact_profiles
from cdp_assets.demo.stand_in import Answer, stand_in
from cdp_assets.engagement.assets import steps
from cdp_assets.engagement.consent import KIND, subject
from cdp_assets.engagement.tables import ACCOUNT_ENGAGEMENT, INTERACTIONS
from cdp_assets.errors import OutsideError, UserError
from cdp_assets.governance import AccessDeniedError, decide, latest
from cdp_assets.governance.tables import AUDIT_LOG
from cdp_assets.lake import Place, Run, Source, Stage, StepResult, whole
from cdp_assets.microsoft import CredentialsError, Graph, MailboxRefusedError, MicrosoftError, Tokens
from cdp_assets_tests.config.test_engagement import BUSINESS

pytestmark = pytest.mark.pipeline

AS_OF = date(2026, 11, 20)
TENANT = "11111111-1111-1111-1111-111111111111"
ROLES = "roles: {owner: [olga], administrator: [adam], contributor: [cora]}\n"
PEOPLE = {"cy@a.com": "A", "Dan@B.com": "B"}
MAIL = pa.schema(
    [
        ("internet_message_id", pa.string()), ("conversation_id", pa.string()), ("sender", pa.string()),
        ("recipients", pa.list_(pa.string())),
        ("cc", pa.list_(pa.string())), ("received_at", pa.timestamp("us")), ("is_draft", pa.bool_()),
    ]
)  # fmt: skip
MEETINGS = pa.schema(
    [
        ("ical_uid", pa.string()), ("starts_at", pa.timestamp("us")), ("ends_at", pa.timestamp("us")), ("organizer", pa.string()),
        ("attendees", pa.list_(pa.string())), ("responses", pa.list_(pa.string())), ("is_cancelled", pa.bool_()),
        ("is_all_day", pa.bool_()),
        ("show_as", pa.string()),
    ]
)  # fmt: skip


def mail(number: int, sender: str, to: list[str], age: int) -> dict[str, Any]:
    at = datetime.combine(AS_OF - timedelta(days=age), datetime.min.time()) + timedelta(hours=9)
    return {
        "internet_message_id": f"<{number}>", "conversation_id": "c", "sender": sender, "recipients": to, "cc": [], "received_at": at,
        "is_draft": False,
    }  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """1,200 mails of Cy to Ann and Ben, an answer, a meeting with Dan; two mails outside the window, one with a stranger."""
    folder = tmp_path / "project"
    (folder / "stand_in").mkdir(parents=True)
    mails = [mail(number, "Cy@A.com", [" ANN@own.com", "ben@own.com"], 1 + number % 300) for number in range(1200)]
    mails += [mail(2000, "ann@own.com", ["cy@a.com"], 3), mail(2001, "cy@a.com", ["ann@own.com"], 0)]
    mails += [mail(2002, "cy@a.com", ["ann@own.com"], 366), mail(2003, "who@else.com", ["ann@own.com"], 5)]
    at = mail(0, "", [], 30)["received_at"]
    meeting = {
        "ical_uid": "u", "starts_at": at, "ends_at": at + timedelta(minutes=45), "organizer": "ben@own.com",
        "attendees": ["dan@b.com", "ann@own.com"],
        "responses": ["accepted", "declined"], "is_cancelled": False, "is_all_day": False, "show_as": "busy",
    }  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(mails, schema=MAIL), folder / "stand_in" / "mail.parquet")
    parquet.write_table(pa.Table.from_pylist([meeting], schema=MEETINGS), folder / "stand_in" / "meetings.parquet")
    (folder / "stand_in" / "addresses.txt").write_text("# own people\nann@own.com\nBen@own.com\n")
    (folder / "cdp.yaml").write_text(BUSINESS.replace("version: 1\n", f"version: 1\n{ROLES}") + "  delay_hours: 0\n")
    return load_project(folder)


def refresh(project: Project, run_id: str = "run") -> dict[str, StepResult]:
    """Run the station's two steps over contacts that are written by hand."""
    run = Run(Place(project.store), run_id, AS_OF, memory=1 << 30, threads=1)
    rows = ", ".join(f"('c{number}', '{account}', '{address}')" for number, (address, account) in enumerate(PEOPLE.items()))
    table = contact_profiles(project.config)
    nulls = ", ".join(f"null as {c}" for c in table.column_names if c not in ("contact_id", "account_id", "primary_email"))
    sql = f"select contact_id, account_id, primary_email, {nulls} from (values {rows}) v(contact_id, account_id, primary_email)"
    run.make(table, [Stage("contacts", {"given": whole()}, sql, table)], {"given": Source(table, "select 1", digest="x")})
    return {step.table.name: step.run(run) for step in steps(project)}


def agree(project: Project, *arguments: str, user: str = "adam", typed: str = "") -> str:
    app = typer.Typer()
    app.add_typer(consent.app, name="consent")
    ended = CliRunner().invoke(
        app, ["consent", "engagement", *arguments], obj=Context(str(project.folder), user), input=typed, catch_exceptions=False
    )  # fmt: skip
    assert ended.exit_code == 0
    return ended.output


def numbers(project: Project) -> list[tuple[object, ...]]:
    sql = f"""
        select account_id, engagement_score is not null, no_of_emails_from_account, no_of_emails_to_account, no_of_meetings_to_account,
            no_of_contacts_involved_meetings, average_duration_of_meetings, days_since_last_email
        from ({Place(project.store).newest(ACCOUNT_ENGAGEMENT).sql}) where aggregation_level = 'year' order by account_id
    """
    return duckdb.execute(sql).fetchall()


def test_mail_and_meetings_become_scores_of_accounts(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    waiting = refresh(project, "before consent")
    assert waiting["interactions"].numbers["waiting_for_consent"] == 1
    assert numbers(project) == []
    assert "2 listed addresses" in agree(project, "--agree")
    made = refresh(project, "after consent")
    assert made["interactions"].numbers["waiting_for_consent"] == 0
    assert made["interactions"].numbers["days_of_data"] == 365
    assert numbers(project) == [("A", True, 1200, 1, 0, 0, None, 1), ("B", True, 0, 0, 1, 1, 45.0, None)]
    assert refresh(project, "again")["interactions"].unchanged
    assert "@own.com" not in caplog.text
    assert "eyJ" not in caplog.text


def test_enriched_accounts_over_time_are_a_number_of_each_refresh(project: Project) -> None:
    agree(project, "--agree")
    refresh(project)
    run = Run(Place(project.store), "later", AS_OF)
    measured = {step.table.name: step.measure(run) for step in steps(project)}
    assert measured["account_engagement"]["enriched_accounts"] == 2
    assert measured["account_engagement"]["emails"] == measured["interactions"]["emails"] == 1201
    assert measured["account_engagement"]["meetings"] == 1


def test_only_listed_addresses_are_read(project: Project) -> None:
    agree(project, "--agree")
    (project.folder / "stand_in" / "addresses.txt").write_text("ann@own.com\ncleo@own.com\n")
    refresh(project)
    assert numbers(project)[0][:3] == ("A", True, 1200)
    own = duckdb.execute(f"select distinct unnest(own_people) from ({Place(project.store).newest(INTERACTIONS).sql})").fetchall()
    assert len(own) == 1  # not Ben, though he is a recipient of each


def test_without_the_section_there_are_no_steps(project: Project) -> None:
    text = project.file.read_text()
    project.file.write_text(text[: text.index("engagement:")])
    assert steps(load_project(project.folder)) == []


def test_consent_needs_an_administrator_and_a_denial_is_in_the_audit_log(project: Project) -> None:
    with pytest.raises(AccessDeniedError, match="administrator"):
        agree(project, "--agree", user="cora")
    audit = Place(project.store).newest(AUDIT_LOG).sql
    assert duckdb.execute(f"select user_name, action, outcome from ({audit})").fetchall() == [("cora", "consent engagement", "denied")]
    assert latest(Place(project.store), "tenant_consent", f"engagement:{TENANT}") is None


def test_consent_says_what_is_read_and_asks(project: Project) -> None:
    said = agree(project, typed="i agree\n")
    for part in (TENANT, "Europe", "2 listed addresses", "365 days", "never a subject", f"{TENANT}/adminconsent?client_id=2222"):
        assert part in said
    assert "@" not in said
    decision = latest(Place(project.store), "tenant_consent", f"engagement:{TENANT}")
    assert decision is not None
    assert (decision.verdict, decision.user_name) == ("given", "adam")
    agree(project, "--withdraw")
    after = latest(Place(project.store), "tenant_consent", f"engagement:{TENANT}")
    assert after is not None
    assert after.verdict == "withdrawn"


def test_consent_without_the_words_changes_nothing(project: Project) -> None:
    with pytest.raises(UserError, match="nothing was changed"):
        agree(project, typed="yes\n")
    assert latest(Place(project.store), "tenant_consent", f"engagement:{TENANT}") is None


@pytest.mark.parametrize("count", [1, 2501])
def test_consent_counts_the_addresses(project: Project, count: int) -> None:
    (project.folder / "stand_in" / "addresses.txt").write_text("\n".join(f"a{number}@own.com" for number in range(count)))
    with pytest.raises(UserError, match="from 2 to 2,500") as caught:
        agree(project, "--agree")
    assert "@" not in caught.value.message


@pytest.mark.parametrize("addresses", [None, "ann@own.com\n", "no address\nben@own.com\n"])
def test_without_consent_nothing_about_addresses_is_needed_and_with_it_they_are(
    project: Project, monkeypatch: pytest.MonkeyPatch, addresses: str | None
) -> None:
    agree(project, "--agree")
    refresh(project)
    assert numbers(project) != []
    wrong = project.folder / "stand_in" / "addresses.txt"
    wrong.unlink() if addresses is None else wrong.write_text(addresses)
    with pytest.raises(UserError, match=r"engagement\.addresses"):
        refresh(project, "with a wrong list")
    settings = project.config.engagement
    assert settings is not None
    # The decision alone, as if the removal had broken off: the next refresh empties the tables.
    decide(Place(project.store), user="adam", kind=KIND, subject=subject(settings), verdict="withdrawn")
    monkeypatch.setenv("CDP_PRIVACY_KEY", "short")
    emptied = refresh(project, "withdrawn")
    assert (emptied["interactions"].rows, emptied["account_engagement"].rows) == (0, 0)


def test_a_wrong_secret_is_refused_and_not_shown(project: Project) -> None:
    with stand_in(project.folder) as running:
        graph = Graph(running.endpoints, Tokens(running.endpoints, TENANT, TENANT, "a-wrong-secret"))
        with pytest.raises(CredentialsError, match="the secret is wrong") as caught:
            list(graph.messages_of("ann@own.com", AS_OF, AS_OF))
    assert "a-wrong-secret" not in str(caught.value)
    assert running.paths == []


def test_a_secret_that_is_not_set_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDP_GRAPH_SECRET", raising=False)
    project.file.write_text(project.file.read_text().replace("service: demo", "service: microsoft"))
    changed = load_project(project.folder)
    agree(changed, "--agree")
    with pytest.raises(UserError, match="CDP_GRAPH_SECRET is not set"):
        refresh(changed)


def test_the_stand_in_pages_and_refuses_what_graph_refuses(project: Project) -> None:
    first, end = AS_OF - timedelta(days=365), AS_OF
    with stand_in(project.folder) as running:
        graph = Graph(running.endpoints, Tokens(running.endpoints, TENANT, TENANT, running.secret))
        assert len(list(graph.messages_of("ann@own.com", first, end))) == 1202
        assert len(running.paths) == 3
        with pytest.raises(MailboxRefusedError, match="404, ErrorInvalidUser"):
            list(graph.messages_of("nobody@own.com", first, end))
        session = running.endpoints.session()
        url = f"{running.endpoints.graph}/v1.0/users/ann@own.com/messages"
        assert session.get(url).status_code == 401
        token = {"Authorization": f"Bearer {Tokens(running.endpoints, TENANT, TENANT, running.secret).token()}"}
        assert session.get(url, headers=token).status_code == 400  # without a filter
    with pytest.raises(MicrosoftError):
        Graph(running.endpoints, Tokens(running.endpoints, TENANT, TENANT, running.secret)).messages_of(
            "ann@own.com", first, end
        ).__next__()


def test_a_service_that_fails_midway_over_https_is_resumed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(project, "--agree")
    seen: list[str] = []

    def fails(path: str) -> Answer | None:
        seen.append(path)
        return (400, {"error": {"code": "Broken", "message": path}}, {}) if len(seen) == 20 else None

    from cdp_assets.demo import stand_in as module

    whole_one = module.stand_in
    monkeypatch.setattr(module, "stand_in", lambda folder: whole_one(folder, fails))
    with pytest.raises(MicrosoftError, match="400, Broken") as caught:
        refresh(project, "fails")
    assert "@" not in caught.value.message
    kept = len(Place(project.store).newest(INTERACTIONS).partitions)
    assert 0 < kept < 300
    refresh(project, "resumed")
    assert numbers(project)[0][:3] == ("A", True, 1200)


def test_a_service_that_never_answers_is_out_of_reach_and_may_be_tried_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    agree(project, "--agree")
    from cdp_assets.demo import stand_in as module

    whole_one = module.stand_in
    busy: Answer = (503, {"error": {"code": "Busy"}}, {"Retry-After": "0"})
    monkeypatch.setattr(module, "stand_in", lambda folder: whole_one(folder, lambda _path: busy))
    with pytest.raises(OutsideError, match=r"busy \(503\), also after waiting"):
        refresh(project, "busy")
    monkeypatch.setattr(module, "stand_in", whole_one)
    refresh(project, "again")
    assert numbers(project)[0][:3] == ("A", True, 1200)


def test_all_mailboxes_refused_fails_with_the_address_for_the_tenants_administrator(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(project, "--agree")
    from cdp_assets.demo import stand_in as module

    whole_one = module.stand_in
    refused: Answer = (403, {"error": {"code": "ErrorAccessDenied"}}, {})
    monkeypatch.setattr(module, "stand_in", lambda folder: whole_one(folder, lambda _path: refused))
    with pytest.raises(MicrosoftError, match="adminconsent"):
        refresh(project)


def test_the_stand_in_leaves_nothing_behind(project: Project) -> None:
    with stand_in(project.folder) as running:
        bundle = running.endpoints.ca_bundle
        assert bundle is not None
        assert Path(bundle).is_file()
        assert Path(bundle).with_suffix(".key").stat().st_mode & 0o077 == 0
    assert not Path(bundle).exists()
