"""What stands around every command: errors of the system become a line, and a request to stop is not lost."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cdp_assets_tests.cli.test_commands import cdp
from cdp_assets_tests.orchestration.test_over_time import CONFIG, CRM, DAY_1, SHOP
from cdp_assets_tests.projects import small_project

pytestmark = pytest.mark.pipeline


def project_folder(tmp_path: Path) -> Path:
    return small_project(tmp_path / "project", CONFIG, {"crm.csv": CRM, "shop.csv": SHOP, "web/1.csv": DAY_1}).folder


def test_a_file_in_place_of_the_store_is_a_line(tmp_path: Path) -> None:
    folder = project_folder(tmp_path)
    (folder / ".cdp").write_text("not a folder")
    ended = cdp(folder, "refresh")
    assert ended.returncode == 1
    assert "a file, and a folder is needed. Move it away" in ended.stderr
    assert str(folder / ".cdp") in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_in_place_of_the_lock_is_a_line(tmp_path: Path) -> None:
    folder = project_folder(tmp_path)
    (folder / ".cdp" / "run.lock").mkdir(parents=True)
    ended = cdp(folder, "refresh")
    assert ended.returncode == 1
    assert "a folder, and a file is needed. Move it away" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_part_of_a_refresh_says_that_nothing_was_published(tmp_path: Path) -> None:
    folder = project_folder(tmp_path)
    ended = cdp(folder, "refresh", "--only", "matching")
    assert ended.returncode == 0, ended.stderr
    assert "a refresh without --only publishes" in ended.stdout
    whole = cdp(folder, "refresh")
    assert json.loads(whole.stdout.splitlines()[-1])["ok"] is True
    assert "--only" not in whole.stdout


STOPPED = """
    import signal, time, weakref
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
    from cdp_assets.cli import main as cli

    class Thing: pass

    def stop(_):
        raise KeyboardInterrupt

    def slow(standalone_mode):
        thing = Thing()
        reference = weakref.ref(thing, stop)
        del thing
        time.sleep(20)
        print("not stopped")

    cli.app = slow
    cli.main()
"""


def test_a_request_to_stop_that_comes_in_the_callback_of_a_weak_reference_is_not_lost() -> None:
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(STOPPED)], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 130, ended.stderr
    assert ended.stderr.startswith("Stopped.")
    assert "not stopped" not in ended.stdout
