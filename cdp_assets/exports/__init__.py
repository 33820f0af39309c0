"""Exports: which members of segments go where, and what became of each of them."""

from cdp_assets.exports.confirmation import Confirmation, confirm, confirmation, withdraw
from cdp_assets.exports.history import LastRun, last_runs, run_of
from cdp_assets.exports.permission import may_run, require_run

__all__ = ["Confirmation", "LastRun", "confirm", "confirmation", "last_runs", "may_run", "require_run", "run_of", "withdraw"]
