"""The preview of one rule: how many records it matched, the weakest pairs that it was used for, and those for people."""

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cdp_assets.cli.entities import Of, config_of, tables_of
from cdp_assets.cli.why_words import percent, print_compared
from cdp_assets.config import Project
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

MOST = 10
"""So many pairs of each list are shown."""
_WAIT = "Not alike enough for the rule, and waiting for people to decide, the most alike first:"


def preview(project: Project, of: Of, name: str, hide: Callable[[str], str] | None) -> dict[str, Any]:
    """What became of the rule's pairs. UserError where there is no such rule."""
    from cdp_assets.contacts.outdated import advice, outdated
    from cdp_assets.identity.explain import Reader, Teller
    from cdp_assets.identity.explain import preview as preview_of
    from cdp_assets.lake import Place
    from cdp_assets.orchestration.match_decisions import standing_decisions

    config, old = config_of(project, of), outdated(project, of)
    with advice(old), Reader(Place(project.store), config, tables_of(project, of)) as reader:
        found = [rule for rule in reader.rules if rule.name == name]
        if not found:
            known = list(dict.fromkeys(rule.name for rule in reader.rules))
            hint = nearest(name, known)
            mean = f"Did you mean: {hint}? " if hint else ""
            raise UserError(f"There is no active rule of that name. {mean}Rules: {', '.join(known)}.")
        teller = Teller(config, hide)
        decided = [frozenset(each.pair) for each in standing_decisions(project, of)]
        sides = [teller.preview(preview_of(reader, rule, MOST, decided)) for rule in found]
        return {"rule": name, "of": of, "masked": hide is not None, "outdated": old, "sides": sides}


def _how_to_decide(pair: dict[str, Any], of: Of, *, masked: bool) -> str:
    """The commands by which people decide, of the first pair where its keys may be seen."""
    two = "A B" if masked else f"{shlex.quote(pair['from'])} {shlex.quote(pair['to'])}"
    its = f"{two}{'' if of == 'customers' else f' --of {of}'}"
    return f"To decide: `cdp match accept {its}` (they are one) or `cdp match reject {its}` (they are not); then they are gone from here."


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
            out.print(f"   {pairs:,} {'pair' if pairs == 1 else 'pairs'} {status}" + (f": {reason}" if reason else ""))
        for title, listed in (("The weakest that were used:", side["weakest"]), (_WAIT, side["review"])):
            if listed:
                out.print(title)
            for pair in listed:
                out.print(f"   {pair['from']} and {pair['to']}, {percent(pair['score'])} alike")
                print_compared(out, pair, pair["from"], pair["to"])
        if side["review"]:
            out.print(_how_to_decide(side["review"][0], told["of"], masked=told["masked"]))
    if told["outdated"]:
        out.print(OUTDATED)
    if told["masked"]:
        out.print("Of personal values the forms are shown: a for letters, 9 for a digit. A contributor sees the values.")
