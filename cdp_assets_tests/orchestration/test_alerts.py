"""Who is told of a failed run, what they are told, and that a hook that fails breaks nothing."""

import re
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from cdp_assets.config import ConfigError, Project, load_project, parse_config
from cdp_assets.lake import Place
from cdp_assets.orchestration.alert import Alert
from cdp_assets.orchestration.build import build_defs
from cdp_assets.orchestration.in_process import QUIET
from cdp_assets.orchestration.jobs import REFRESH
from cdp_assets.orchestration.notify import tell
from cdp_assets.orchestration.refresh import refresh
from cdp_assets.orchestration.run_resource import AS_OF_TAG
from cdp_assets_tests.orchestration.servers import mail_server, webhook
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1
from cdp_assets_tests.projects import AS_OF, USER, small_project

pytestmark = pytest.mark.pipeline
BROKEN_SHOP = "account,label,mail\ns1,Ann Lee,ann@x.example\n"
ALERT = Alert("contoso", "refresh", "1234567890", "dagster", "2026-11-20", {"shop": "no column name"}, {"clusters": ["shop"]})
HOOK = "alerts: {webhook: CDP_ALERT_WEBHOOK}\n"
MAIL = "alerts: {{mail: {{to: [ops@contoso.example], from: cdp@contoso.example, server: '127.0.0.1:{port}', encryption: none}}}}\n"
SECRET = "T0KEN-in-the-address"


def project_with(tmp_path: Path, alerts: str, shop: str = BROKEN_SHOP) -> Project:
    return small_project(tmp_path / "contoso", CONFIG + alerts, {"crm.csv": CRM, "shop.csv": shop, "web/1.csv": DAY_1})


def test_a_chat_is_told_what_failed_what_was_skipped_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_with(tmp_path, HOOK)
    with webhook() as server:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{server.port}/services/{SECRET}")
        summary = refresh(project, USER, as_of=AS_OF)
    [told] = server.bodies
    assert summary.not_told == ()
    assert (told["project"], told["job"], told["run"], told["user"], told["as_of"]) == (
        "contoso", REFRESH, summary.run, USER, "2026-11-20",
    )  # fmt: skip
    assert set(told["failed"]) == {"shop"}
    assert told["skipped"]["unified_profiles"] == ["shop"]
    assert told["text"].startswith(f"contoso: the run {summary.run[:8]} of refresh failed (by tester, as of 2026-11-20).")
    assert "FAILED shop: Source shop: " in told["text"]
    assert "then `cdp refresh`" in told["text"]
    assert not re.search(r"Ann|x\.example|T0KEN", str(told))


def test_people_are_told_by_mail(tmp_path: Path) -> None:
    with mail_server() as server:
        summary = refresh(project_with(tmp_path, MAIL.format(port=server.port)), USER, as_of=AS_OF)
    [mail] = server.mails
    assert summary.not_told == ()
    assert "Subject: contoso: refresh failed (shop)" in mail
    assert "To: ops@contoso.example" in mail
    assert "FAILED shop" in mail
    assert "Ann" not in mail


def test_a_run_that_goes_well_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdp_assets_tests.orchestration.test_over_time import SHOP

    with webhook() as server:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{server.port}/")
        assert refresh(project_with(tmp_path, HOOK, SHOP), USER, as_of=AS_OF).ok
    assert server.bodies == []


def ways(tmp_path: Path, alerts: str, on_failure: Callable[[Alert], None] | None = None, alert: Alert = ALERT) -> list[str]:
    return tell(project_with(tmp_path, alerts), alert, on_failure)


def test_a_hook_that_fails_says_so_without_the_address_and_the_next_way_is_still_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as gone:
        pass
    monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{gone.port}/services/{SECRET}")
    told: list[Alert] = []
    with mail_server() as server:
        both = f"alerts: {{webhook: CDP_ALERT_WEBHOOK, {MAIL.format(port=server.port).removeprefix('alerts: {')}"
        [problem] = ways(tmp_path, both, told.append)
    assert "alerts.webhook: the address in CDP_ALERT_WEBHOOK could not be reached" in problem
    assert SECRET not in problem
    assert len(server.mails) == len(told) == 1


@pytest.mark.parametrize(("status", "says"), [(500, "answered 500"), (404, "answered 404"), (302, "answered 302")])
def test_an_address_that_refuses_or_redirects_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, says: str) -> None:
    with webhook() as elsewhere, webhook(status, Location=f"http://127.0.0.1:{elsewhere.port}/") as server:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{server.port}/{SECRET}")
        [problem] = ways(tmp_path, HOOK)
    assert says in problem
    assert elsewhere.bodies == []
    assert SECRET not in problem


def test_a_mail_server_that_refuses_is_said_without_its_words(tmp_path: Path) -> None:
    with mail_server(refuse=True) as server:
        [problem] = ways(tmp_path, MAIL.format(port=server.port))
    assert "did not take the mail (SMTPRecipientsRefused)" in problem
    assert "ops@" not in problem


@pytest.mark.parametrize("value", [None, "", "hooks.chat.example/x", "file:///etc/passwd"])
def test_an_address_that_is_not_set_or_none_is_said_by_the_name_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("CDP_ALERT_WEBHOOK", raising=False)
    if value is not None:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", value)
    [problem] = ways(tmp_path, HOOK)
    assert "the environment variable CDP_ALERT_WEBHOOK" in problem
    assert "passwd" not in problem


def test_on_skipped_tells_only_of_runs_that_skipped_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Alert("contoso", "run_export_x", "1", "ann", "2026-11-20", {"export_x": "refused"})
    with webhook() as server:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{server.port}/")
        for alert in (alone, ALERT):
            assert ways(tmp_path, "alerts: {webhook: CDP_ALERT_WEBHOOK, on: [skipped]}\n", alert=alert) == []
    assert [each["job"] for each in server.bodies] == ["refresh"]


def test_a_hook_of_an_embedding_project_that_raises_breaks_nothing(tmp_path: Path) -> None:
    def hook(_alert: Alert) -> None:
        raise RuntimeError("ann@x.example")

    assert ways(tmp_path, "", hook) == ["on_failure: nobody was told of the failed run (RuntimeError)"]


def failed_run(project: Project, instance: dg.DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    job = build_defs(project).resolve_job_def(REFRESH)
    return job.execute_in_process(run_config=QUIET, instance=instance, tags={AS_OF_TAG: "2026-11-20", **tags}, raise_on_error=False)


def evaluate(project: Project, instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult, hook: Callable[[Alert], None]) -> None:
    sensor = build_defs(project, on_failure=hook).resolve_sensor_def("alerts")
    failure = next(event for event in result.all_events if event.event_type_value == "PIPELINE_FAILURE")
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    context = dg.build_run_status_sensor_context("alerts", failure, instance, run)
    sensor(context.for_run_failure())


def test_the_sensor_calls_the_hook_of_an_embedding_project_for_a_run_of_the_daemon(tmp_path: Path) -> None:
    project, told = project_with(tmp_path, ""), []
    instance = dg.DagsterInstance.ephemeral()
    evaluate(project, instance, failed_run(project, instance), told.append)
    [alert] = told
    assert set(alert.failed) == {"shop"}
    assert alert.skipped["clusters"] == ["shop"]
    assert (alert.user, alert.as_of, alert.subject) == ("dagster", "2026-11-20", "contoso: refresh failed (shop)")


def test_a_run_that_dagster_starts_again_by_itself_has_not_failed_for_good(tmp_path: Path) -> None:
    project, told = project_with(tmp_path, ""), []
    instance = dg.DagsterInstance.ephemeral()
    result = failed_run(project, instance)
    instance.add_run_tags(result.run_id, {"dagster/will_retry": "true"})
    evaluate(project, instance, result, told.append)
    assert told == []


def test_the_sensor_is_there_and_on_only_where_somebody_is_to_be_told(tmp_path: Path) -> None:
    names = {sensor.name for sensor in build_defs(project_with(tmp_path, "")).sensors or ()}
    assert "alerts" not in names
    sensor = build_defs(project_with(tmp_path, HOOK)).resolve_sensor_def("alerts")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_a_run_that_could_not_begin_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_with(tmp_path, HOOK)
    place = Place(project.store)
    place.prepare()
    log = place.lake / "crm" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json").write_text("ann@x.example is no JSON")
    with webhook() as server:
        monkeypatch.setenv("CDP_ALERT_WEBHOOK", f"http://127.0.0.1:{server.port}/")
        assert not refresh(load_project(project.folder), USER, as_of=AS_OF).ok
    [told] = server.bodies
    assert set(told["failed"]) == {"run"}
    assert "ann@" not in str(told)


HEAD = "version: 1\nsources: {crm: {files: crm.csv, primary_key: id, fields: {name: person.full_name}}}\n"


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("alerts: {}", "tells nobody"),
        ("alerts: {webhook: 'https://hooks.chat.example/T0KEN'}", "must be the name of an environment variable"),
        ("alerts: {webhook: A, on: [succes]}", "Allowed: failure, skipped"),
        ("alerts: {webhook: A, on: []}", "at least one entry"),
        ("alerts: {mail: {to: [], from: a@b.c, server: 'm:25'}}", "at least one entry"),
        ("alerts: {mail: {to: [nobody], from: a@b.c, server: 'm:25'}}", "is not an e-mail address"),
        ("alerts: {mail: {to: [\"a@b.c\\nBcc: x@y.z\"], from: a@b.c, server: 'm:25'}}", "is not an e-mail address"),
        ("alerts: {mail: {to: [a@b.c], from: a@b.c, server: mail}}", "is not a mail server"),
        ("alerts: {mail: {to: [a@b.c], from: a@b.c, server: 'm:99999'}}", "is not a mail server"),
        ("alerts: {mail: {to: [a@b.c], from: a@b.c, server: 'm:25', user: U}}", "user and password belong together"),
        ("alerts: {mail: {to: [a@b.c], from: a@b.c, server: 'm:25', user: U, password: P, encryption: none}}", "for all to read"),
        ("alerts: {mail: {to: [a@b.c], server: 'm:25'}}", "is missing"),
    ],
)
def test_a_wrong_section_is_refused_and_no_secret_of_it_is_shown(written: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(HEAD + written)
    assert "cdp.yaml:3: alerts" in refused.value.message
    assert says in refused.value.message
    assert "T0KEN" not in refused.value.message
