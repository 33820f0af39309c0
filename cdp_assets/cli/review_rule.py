"""The preview of one rule: how many records it matched, and the weakest pairs that it was used for, with their values."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cdp_assets.cli.entities import Of, config_of, tables_of
from cdp_assets.cli.why_words import percent, print_compared
from cdp_assets.config import Project
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

WEAKEST = 10


def preview(project: Project, of: Of, name: str, hide: Callable[[str], str] | None) -> dict[str, Any]:
    """What became of the rule's pairs. UserError where there is no such rule."""
    from cdp_assets.contacts.outdated import advice, outdated
    from cdp_assets.identity.explain import Reader, Teller, weakest
    from cdp_assets.lake import Place

    config, old = config_of(project, of), outdated(project, of)
    with advice(old), Reader(Place(project.store), config, tables_of(project, of)) as reader:
        found = [rule for rule in reader.rules if rule.name == name]
        if not found:
            known = list(dict.fromkeys(rule.name for rule in reader.rules))
            hint = nearest(name, known)
            mean = f"Did you mean: {hint}? " if hint else ""
            raise UserError(f"There is no active rule of that name. {mean}Rules: {', '.join(known)}.")
        teller = Teller(config, hide)
        sides = [teller.preview(weakest(reader, rule, WEAKEST)) for rule in found]
        return {"rule": name, "masked": hide is not None, "outdated": old, "sides": sides}


def print_preview(told: dict[str, Any], out: "Console") -> None:
    """Print it."""
    from cdp_assets.contacts.outdated import OUTDATED

    for side in told["sides"]:
        where = f"inside {side['left']}" if side["left"] == side["right"] else f"{side['left']} and {side['right']}"
        matched, rest = side["matched"], side["records"] - side["matched"]
        out.print(f'Rule "{told["rule"]}", {where}')
        share = f" ({matched / side['records'] * 100:.1f} %)" if side["records"] else ""
        out.print(f"{matched:,} of {side['records']:,} records of {side['right']} matched{share}, {rest:,} did not.")
        for status, reason, pairs in side["pairs"]:
            out.print(f"   {pairs:,} pairs {status}" + (f": {reason}" if reason else ""))
        if side["weakest"]:
            out.print("The weakest that were used:")
        for pair in side["weakest"]:
            out.print(f"   {pair['from']} and {pair['to']}, {percent(pair['score'])} alike")
            print_compared(out, pair, pair["from"], pair["to"])
    if told["outdated"]:
        out.print(OUTDATED)
    if told["masked"]:
        out.print("Of personal values the forms are shown: a for letters, 9 for a digit. A contributor sees the values.")
