"""The processes that `cdp serve` and `cdp dev` become."""

import signal
from typing import Any

import pytest

from cdp_assets.cli import serve


def test_a_process_that_a_script_starts_in_the_background_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a shell has it ignore SIGINT, and what is ignored stays so when a program becomes another."""
    started: list[Any] = []
    monkeypatch.setattr("os.execv", lambda program, arguments: started.append((program, arguments, signal.getsignal(signal.SIGINT))))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve.become("dagster", "dev")
    finally:
        signal.signal(signal.SIGINT, before)
    [(program, arguments, handler)] = started
    assert arguments == [program, "-m", "dagster", "dev"]
    assert handler == signal.SIG_DFL
