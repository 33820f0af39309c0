"""The preview of one rule: how many records it matched, the weakest pairs that it was used for, and those for people."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.cli.entities import Of, config_of, tables_of
from cdp_assets.cli.why_words import percent, print_compared
from cdp_assets.config import Project
from cdp_assets.config.problems import nearest
from cdp_assets.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from cdp_assets.identity.explain import Reader
    from cdp_assets.identity.rules import Rule as MatchedRule

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
        found = _rules(reader, name)
        teller = Teller(config, hide)
        decided = [frozenset(each.pair) for each in standing_decisions(project, of)]
        sides = [teller.preview(preview_of(reader, rule, MOST, decided)) for rule in found]
        return {"rule": name, "of": of, "masked": hide is not None, "outdated": old, "sides": sides}


def download(project: Project, of: Of, name: str, file: Path) -> int:
    """Write all pairs of the rule to a CSV file: the keys with their winners and profiles, score, status and reason. Gives their number.

    The file is complete or not there, and readable by its owner only. UserError where there is no such rule or folder.
    """
    from cdp_assets.identity.explain import Reader
    from cdp_assets.lake import Place, no_values_in_errors
    from cdp_assets.lake.ledger import private_files
    from cdp_assets.lake.source import literal
    from cdp_assets.lake.source import name as column

    if not file.parent.is_dir():
        raise UserError(f"There is no folder {file.parent}: make it first, or name another file.")
    with Reader(Place(project.store), config_of(project, of), tables_of(project, of)) as reader:
        _rules(reader, name)
        its = reader.tables
        records = " union all ".join(
            f"select {literal(source)} as source, record_key, winner_key from {column(table.name)}" for source, table in its.records.items()
        )
        pairs = f"""
            with records as ({records}), profiles as (select source, record_key, {column(its.id_column)} as id from {column(its.keys.name)})
            select
                e.rule, e.left_source, e.left_key, l.winner_key as left_winner, lp.id as left_profile,
                e.right_source, e.right_key, r.winner_key as right_winner, rp.id as right_profile, e.weight as score, e.status, e.reason
            from {column(its.edges.name)} as e
            left join records as l on l.source = e.left_source and l.record_key = e.left_key
            left join records as r on r.source = e.right_source and r.record_key = e.right_key
            left join profiles as lp on lp.source = e.left_source and lp.record_key = e.left_key
            left join profiles as rp on rp.source = e.right_source and rp.record_key = e.right_key
            where e.rule = {literal(name)}
            order by score desc, e.left_source, e.left_key, e.right_source, e.right_key
        """
        partial = file.with_name(f".{file.name}.partial")
        try:
            with private_files(), no_values_in_errors("the pairs of a rule"):
                written = reader.connection.execute(f"copy ({pairs}) to {literal(str(partial))} (format csv, header)").fetchall()
            partial.replace(file)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}.") from None
        finally:
            partial.unlink(missing_ok=True)
    return int(written[0][0])


def _rules(reader: "Reader", name: str) -> list["MatchedRule"]:
    """The active rules of this name: one of several sources may stand in each of them."""
    found = [rule for rule in reader.rules if rule.name == name]
    if not found:
        known = list(dict.fromkeys(rule.name for rule in reader.rules))
        hint = nearest(name, known)
        mean = f"Did you mean: {hint}? " if hint else ""
        raise UserError(f"There is no active rule of that name. {mean}Rules: {', '.join(known)}.")
    return found


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
