"""Dagster's UI as it is served by `cdp dev`, asked what its pages ask: over GraphQL, with the daemon at work."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.config import Project
from cdp_assets.lake import Holder, Place, project_lock
from cdp_assets_tests.orchestration.servers import Taken, webhook
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import query as rows_of
from cdp_assets_tests.projects import small_project

pytestmark = pytest.mark.pipeline
SECONDS = 120


class Ui:
    """The served UI of a project."""

    def __init__(self, project: Any, port: int, told: Taken | None = None) -> None:
        self.project, self.address, self._told = project, f"http://127.0.0.1:{port}", told

    @property
    def told(self) -> Taken:
        """What the webhook of its project was told."""
        assert self._told is not None, "this project tells nobody"
        return self._told

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def until(self, query: str, done: Any, **variables: Any) -> Any:
        end = time.monotonic() + SECONDS
        while True:
            try:
                found = self.ask(query, **variables)
            except OSError:
                found = None
            if found is not None and done(found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.5)


REPOSITORIES = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    folder = tmp_path_factory.mktemp("project")
    files = {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2}
    project = small_project(folder, CONFIG + "alerts: {webhook: CDP_ALERT_WEBHOOK}\n", files)
    with webhook() as told:
        yield from _served(folder, project, told)


def _served(folder: Path, project: Project, told: Taken) -> Iterator[Ui]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"} | {"CDP_PROJECT": str(folder), "CDP_USER": "tester"}
    environment["CDP_ALERT_WEBHOOK"] = f"http://127.0.0.1:{told.port}/"
    command = [sys.executable, "-m", "cdp_assets.cli.main", "dev", "--port", str(port)]
    with (folder / "dev.log").open("w") as log:
        served = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd="/", start_new_session=True)
    found = Ui(project, port, told)
    try:
        found.until(REPOSITORIES, lambda data: data["repositoriesOrError"].get("nodes"))
        yield found
    finally:
        os.killpg(served.pid, signal.SIGINT)
        try:
            served.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()


@pytest.fixture
def repository(ui: Ui) -> dict[str, str]:
    node = ui.ask(REPOSITORIES)["repositoriesOrError"]["nodes"][0]
    return {"repositoryName": node["name"], "repositoryLocationName": node["location"]["name"]}


def test_a_backfill_a_refresh_lineage_the_schedule_and_the_sensor_from_the_ui(ui: Ui, repository: dict[str, str]) -> None:
    # a backfill of two days of events, of what stands above and below them by day
    launch = """
        mutation ($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
            __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
    """
    refresh = """
        mutation ($given: ExecutionParams!) { launchRun(executionParams: $given) {
            __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
    """
    ended = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"

    def run_all() -> str:
        given = {"selector": {**repository, "jobName": "refresh"}, "mode": "default", "runConfigData": {}}
        run = ui.ask(refresh, given=given)["launchRun"]
        assert run["__typename"] == "LaunchRunSuccess", run
        return str(
            ui.until(ended, lambda d: d["runOrError"]["status"] in ("SUCCESS", "FAILURE"), id=run["run"]["runId"])["runOrError"]["status"]
        )

    assert run_all() == "SUCCESS"
    given = {"assetSelection": [{"path": ["events"]}], "partitionNames": ["2026-11-18", "2026-11-19"], "fromFailure": False}
    launched = ui.ask(launch, given=given)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    state = "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status numPartitions } } }"
    done = ui.until(state, lambda d: d["partitionBackfillOrError"]["status"] != "REQUESTED", id=launched["backfillId"])[
        "partitionBackfillOrError"
    ]
    assert done == {"status": "COMPLETED_SUCCESS", "numPartitions": 2}
    # lineage by table and by column
    node = ui.ask(
        """
        query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
            dependencyKeys { path }
            assetMaterializations(limit: 1) { metadataEntries { __typename ... on TableColumnLineageMetadataEntry {
                lineage { columnName columnDeps { assetKey { path } columnName } } } } } } } }
        """,
        key={"path": ["unified_profiles"]},
    )["assetNodeOrError"]
    assert {"path": ["alternate_keys"]} in node["dependencyKeys"]
    entries = [e for e in node["assetMaterializations"][0]["metadataEntries"] if e["__typename"] == "TableColumnLineageMetadataEntry"]
    email = next(line for line in entries[0]["lineage"] if line["columnName"] == "email")
    assert {"assetKey": {"path": ["deduplicated_shop"]}, "columnName": "mail"} in email["columnDeps"]
    # schedule and sensor are switched on, and the daemon ticks the sensor
    schedule = ui.ask(
        "mutation ($s: ScheduleSelector!) { startSchedule(scheduleSelector: $s) { __typename ... on ScheduleStateResult "
        "{ scheduleState { status } } ... on PythonError { message } } }",
        s={**repository, "scheduleName": "refresh_schedule"},
    )["startSchedule"]
    assert schedule["scheduleState"]["status"] == "RUNNING", schedule
    (ui.project.folder / "web/3.csv").write_text(DAY_2.replace("e3", "e4").replace("11-19", "11-20"))
    for file in ui.project.folder.rglob("*.csv"):  # a file that was written just now is looked at again at the next tick
        os.utime(file, (1_700_000_000, 1_700_000_000))
    selector = {**repository, "sensorName": "source_files_sensor"}
    started = ui.ask(
        "mutation ($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename ... on Sensor { sensorState { status } } "
        "... on PythonError { message } } }",
        s=selector,
    )["startSensor"]
    assert started["sensorState"]["status"] == "RUNNING", started
    ticks = (
        "query ($s: SensorSelector!) { sensorOrError(sensorSelector: $s) "
        "{ ... on Sensor { sensorState { ticks(limit: 5) { status runIds } } } } }"
    )
    asked = ui.until(ticks, lambda d: any(t["status"] == "SUCCESS" for t in d["sensorOrError"]["sensorState"]["ticks"]), s=selector)
    tick = next(t for t in asked["sensorOrError"]["sensorState"]["ticks"] if t["status"] == "SUCCESS")
    assert ui.until(ended, lambda d: d["runOrError"]["status"] in ("SUCCESS", "FAILURE"), id=tick["runIds"][0])["runOrError"] == {
        "status": "SUCCESS"
    }
    assert rows_of(ui.project, "select count(*) from events where day = '2026-11-20'") == [(1,)]


LAUNCH = """
    mutation ($given: ExecutionParams!) { launchRun(executionParams: $given) { __typename ... on LaunchRunSuccess { run { runId } } } }
"""
STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
TERMINATE = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"


def launched(ui: Ui, repository: dict[str, str]) -> str:
    given = {"selector": {**repository, "jobName": "refresh"}, "mode": "default", "runConfigData": {}}
    return str(ui.ask(LAUNCH, given=given)["launchRun"]["run"]["runId"])


def until_status(ui: Ui, run: str, *wanted: str) -> str:
    return str(ui.until(STATUS, lambda data: data["runOrError"]["status"] in wanted, id=run)["runOrError"]["status"])


def test_a_run_that_is_terminated_in_the_ui_is_canceled_and_gives_the_project_free(ui: Ui, repository: dict[str, str]) -> None:
    place = Place(ui.project.store)
    with project_lock(place.lock, Holder("another", "ann", 1, "2026-11-20T04:00:00"), wait_seconds=SECONDS):
        run = launched(ui, repository)  # it waits for the lock, so that it is under way for as long as it takes
        until_status(ui, run, "STARTED")
        assert ui.ask(TERMINATE, id=run)["terminateRun"]["__typename"] == "TerminateRunSuccess"
        assert until_status(ui, run, "CANCELED", "FAILURE", "SUCCESS") == "CANCELED"
    with project_lock(place.lock, Holder("next", "ann", 1, "2026-11-20T04:00:00")):
        pass


def test_of_a_run_that_fails_the_daemons_sensor_tells_those_whom_the_configuration_names(ui: Ui, repository: dict[str, str]) -> None:
    (ui.project.folder / "shop.csv").write_text("account,label,mail\ns1,Ann Lee,ann@x.example\n")
    run = launched(ui, repository)
    assert until_status(ui, run, "SUCCESS", "FAILURE") == "FAILURE"
    ui.until(REPOSITORIES, lambda _: any(told["run"] == run for told in ui.told.bodies))
    told = next(each for each in ui.told.bodies if each["run"] == run)
    assert (set(told["failed"]), told["skipped"]["unified_profiles"]) == ({"shop"}, ["shop"])
    assert "Ann" not in str(told)


def test_a_broken_configuration_stops_no_run_and_is_the_load_error_of_a_reload(ui: Ui, repository: dict[str, str]) -> None:
    file = ui.project.folder / "cdp.yaml"
    good = file.read_text()
    (ui.project.folder / "shop.csv").write_text(SHOP)
    file.write_text(good + "sauces: {}\n")
    try:
        run = launched(ui, repository)
        assert until_status(ui, run, "SUCCESS", "FAILURE") == "SUCCESS"
        reload = """mutation ($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { ... on WorkspaceLocationEntry {
            locationOrLoadError { __typename ... on PythonError { causes { message } } } } } }"""
        loaded = ui.ask(reload, name=repository["repositoryLocationName"])["reloadRepositoryLocation"]["locationOrLoadError"]
        assert loaded["__typename"] == "PythonError"
        assert 'sauces: unknown key. Did you mean "sources"?' in str(loaded["causes"])
    finally:
        file.write_text(good)
