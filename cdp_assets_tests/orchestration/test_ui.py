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
from typing import Any

import pytest

from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, DAY_2, SHOP
from cdp_assets_tests.projects import query as rows_of
from cdp_assets_tests.projects import small_project

pytestmark = pytest.mark.pipeline
SECONDS = 120


class Ui:
    """The served UI of a project."""

    def __init__(self, project: Any, port: int) -> None:
        self.project, self.address = project, f"http://127.0.0.1:{port}"

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
    project = small_project(folder, CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1, "web/2.csv": DAY_2})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"} | {"CDP_PROJECT": str(folder), "CDP_USER": "tester"}
    command = [sys.executable, "-m", "cdp_assets.cli.main", "dev", "--port", str(port)]
    with (folder / "dev.log").open("w") as log:
        served = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd="/", start_new_session=True)
    found = Ui(project, port)
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
