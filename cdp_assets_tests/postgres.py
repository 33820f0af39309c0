"""A real PostgreSQL for tests: Debian's package in a temporary folder, started once a session and stopped at its end.

`from cdp_assets_tests.postgres import postgres` makes the fixture known to a test module; without the package the tests that
ask for it are skipped, and say so. PostgreSQL refuses to run as root, so there it runs as another user.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

BINARIES = Path("/usr/lib/postgresql")
OWNER, PASSWORD = "owner", "pass word/of:the@owner"  # with everything that must be written as %.. in an address
HOST = "127.0.0.1"
SECONDS = 60


@dataclass(frozen=True)
class Postgres:
    """A running server that asks for passwords. `psql` and `create` act as its owner."""

    binaries: Path
    port: int

    def address(self, database: str, user: str = OWNER, password: str = PASSWORD, *, host: str = HOST) -> str:
        """The connection address of a database, as it would stand in an environment variable."""
        return f"postgresql://{quote(user, '')}:{quote(password, '')}@{host}:{self.port}/{quote(database, '')}"

    def psql(self, database: str, sql: str) -> str:
        """Run statements and give what the last of them answers, one line a row; fails the test where one is refused."""
        command = [self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(self.port)]
        done = subprocess.run(
            [*command, "-U", OWNER, "-d", database], input=sql, env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def create(self, database: str, sql: str = "") -> str:
        """A database of this name, new and empty but for what the statements make in it; its address."""
        self.psql("postgres", f'drop database if exists "{database}" with (force)')
        self.psql("postgres", f'create database "{database}"')
        if sql:
            self.psql(database, sql)
        return self.address(database)


def missing() -> str | None:
    """Why there can be no server here; None where there can."""
    if _binaries() is None:
        return f"PostgreSQL is not installed below {BINARIES} (Debian's package postgresql)"
    if os.geteuid() == 0 and not _other_user():
        return "PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody"
    return None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this session of tests."""
    if reason := missing():
        pytest.skip(reason)
    binaries = _binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="cdp-postgres-"))  # not pytest's folder: only its owner may enter that
    process: subprocess.Popen[bytes] | None = None
    try:
        user = _as_other_user(folder)
        port = _free_port()
        _initialise(binaries, folder, user)
        options = ["-D", folder / "data", "-k", folder, "-p", str(port), "-c", f"listen_addresses={HOST}", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([binaries / "postgres", *options], stdout=log, stderr=log, cwd=folder, **user)
        _wait(binaries, folder, port, process)
        yield Postgres(binaries, port)
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # stops without waiting for clients
            process.wait(SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    found = [path.parent for path in BINARIES.glob("*/bin/initdb") if (path.parent / "psql").exists()]
    return max(found, key=lambda path: float(path.parent.name), default=None)


def _other_user() -> pwd.struct_passwd | None:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known.get("nobody")


def _as_other_user(folder: Path) -> dict[str, Any]:
    """Arguments of subprocess by which the server does not run as root, and the folder given to its user."""
    other = _other_user()
    if os.geteuid() != 0 or other is None:
        return {}
    os.chown(folder, other.pw_uid, other.pw_gid)
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


def _initialise(binaries: Path, folder: Path, user: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if user:
        os.chown(secret, user["user"], user["group"])
    command = [binaries / "initdb", "-D", folder / "data", "-U", OWNER, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "-N"]
    done = subprocess.run(
        [*command, "--locale", "C"], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False, **user
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _wait(binaries: Path, folder: Path, port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the server answers; a server that ended, or does not answer, fails the test with its log."""
    for _ in range(10 * SECONDS):
        ready = subprocess.run([binaries / "pg_isready", "-q", "-h", HOST, "-p", str(port)], check=False, timeout=SECONDS)
        if ready.returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail((folder / "log").read_text())


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
