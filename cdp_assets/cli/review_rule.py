"""The preview of one rule: how many records it matched, the weakest pairs that it was used for, and those for people."""

import shlex
import shutil
from collections.abc import Callable, Generator
from contextlib import closing
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
TRIED = {"joined": "would join two clusters", "redundant": "in one cluster already"}
"""What is said of the pairs of a rule that is tried, by the status that they would have."""
_USED, _WOULD = "The weakest that were used:", "The weakest that would be used:"
_ALONE = (
    "Nothing was changed. In a refresh earlier rules, better hits and the limits of `guards` may keep some of these pairs apart; "
    "`active: true`, or the line removed, switches the rule on."
)
_WAIT = "Not alike enough for the rule, and waiting for people to decide, the most alike first:"


def preview(project: Project, of: Of, name: str, hide: Callable[[str], str] | None) -> dict[str, Any]:
    """What became of the rule's pairs, or would become of them where it is switched off. UserError where there is no such rule."""
    from cdp_assets.contacts.outdated import advice, outdated
    from cdp_assets.identity.explain import Teller
    from cdp_assets.identity.explain import preview as preview_of
    from cdp_assets.orchestration.match_decisions import standing_decisions

    config_of(project, of)
    old, sides = outdated(project, of), []
    with advice(old), closing(_found(project, of, name)) as found:
        for reader, rules, tried in found:
            teller = Teller(reader.config, hide)
            decided = [frozenset(each.pair) for each in standing_decisions(project, of)]
            told = [(rule, teller.preview(preview_of(reader, rule, MOST, decided))) for rule in rules]
            sides += [{"rule": rule.name, "tried": tried, **its} for rule, its in told]
    return {"rule": name, "of": of, "masked": hide is not None, "outdated": old, "sides": sides}


def download(project: Project, of: Of, name: str, file: Path) -> int:
    """Write all pairs of the rule to a CSV file: the keys with their winners and profiles, score, status and reason. Gives their number.

    The file is complete or not there, and readable by its owner only. UserError where there is no such rule or folder.
    """
    from cdp_assets.contacts.outdated import advice, outdated
    from cdp_assets.lake import no_values_in_errors
    from cdp_assets.lake.ledger import private_files
    from cdp_assets.lake.source import literal

    if not file.parent.is_dir():
        raise UserError(f"There is no folder {file.parent}: make it first, or name another file.")
    config_of(project, of)
    partial, part = file.with_name(f".{file.name}.partial"), file.with_name(f".{file.name}.part")
    written = 0
    try:
        with (
            private_files(),
            advice(outdated(project, of)),
            closing(_found(project, of, name)) as found,
            partial.open("wb") as out,
        ):
            for number, (reader, rules, tried) in enumerate(found):
                head = "header" if number == 0 else "header false"
                with no_values_in_errors("the pairs of a rule"):
                    copied = f"copy ({_pairs(reader, rules, tried=tried)}) to {literal(str(part))} (format csv, {head})"
                    written += int(reader.connection.execute(copied).fetchall()[0][0])
                with part.open("rb") as rows:
                    shutil.copyfileobj(rows, out)
        partial.replace(file)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from None
    finally:
        for each in (partial, part):
            each.unlink(missing_ok=True)
    return written


def _pairs(reader: "Reader", rules: list["MatchedRule"], *, tried: bool) -> str:
    """The statement for all pairs of these rules. What a rule that is tried would do is not called what others have done."""
    from cdp_assets.lake.source import literal
    from cdp_assets.lake.source import name as column

    its = reader.tables
    records = " union all ".join(
        f"select {literal(source)} as source, record_key, winner_key from {column(table.name)}" for source, table in its.records.items()
    )
    words = "".join(f" when {literal(status)} then {literal(word)}" for status, word in TRIED.items())
    status = f"case e.status{words} else e.status end" if tried else "e.status"
    return f"""
        with records as ({records}), profiles as (select source, record_key, {column(its.id_column)} as id from {column(its.keys.name)})
        select
            e.rule, e.left_source, e.left_key, l.winner_key as left_winner, lp.id as left_profile,
            e.right_source, e.right_key, r.winner_key as right_winner, rp.id as right_profile, e.weight as score, {status} as status,
            e.reason
        from {column(its.edges.name)} as e
        left join records as l on l.source = e.left_source and l.record_key = e.left_key
        left join records as r on r.source = e.right_source and r.record_key = e.right_key
        left join profiles as lp on lp.source = e.left_source and lp.record_key = e.left_key
        left join profiles as rp on rp.source = e.right_source and rp.record_key = e.right_key
        where e.rule in ({", ".join(literal(rule.name) for rule in rules)})
        order by score desc, e.left_source, e.left_key, e.right_source, e.right_key
    """


def _found(project: Project, of: Of, name: str) -> Generator[tuple["Reader", list["MatchedRule"], bool]]:
    """The rules of this name, one of several sources may stand in each of them, with what they are read from and whether they are tried.

    Those that are active as the last refresh used them, then each that is switched off as if it alone were active.
    """
    from cdp_assets.identity.explain import Reader
    from cdp_assets.lake import Place
    from cdp_assets.orchestration.trial import switched_off, tried

    trials = switched_off(project, of)
    asked = [trial for trial in trials if trial.rules(name)]
    with Reader(Place(project.store), config_of(project, of), tables_of(project, of)) as reader:
        found = [rule for rule in reader.rules if rule.name == name]
        if not found and not asked:
            active, off = dict.fromkeys(rule.name for rule in reader.rules), dict.fromkeys(trial.name for trial in trials)
            hint = nearest(name, [*active, *off])
            mean = f"Did you mean: {hint}? " if hint else ""
            switched = f" Switched off: {', '.join(off)}." if off else ""
            raise UserError(f"There is no rule of that name. {mean}Rules: {', '.join(active) or 'none'}.{switched}")
        if found:
            yield reader, found, False
    for trial in asked:
        with tried(trial) as reader:
            yield reader, trial.rules(name), True


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
        if side["tried"]:
            _print_tried(side, where, out)
        else:
            _print_matched(side, where, out)
        for title, listed in ((_WOULD if side["tried"] else _USED, side["weakest"]), (_WAIT, side["review"])):
            if listed:
                out.print(title)
            for pair in listed:
                does = f": {TRIED[pair['status']]}" if side["tried"] and pair["status"] in TRIED else ""
                out.print(f"   {pair['from']} and {pair['to']}, {percent(pair['score'])} alike{does}")
                print_compared(out, pair, pair["from"], pair["to"])
        if side["review"] and not side["tried"]:
            out.print(_how_to_decide(side["review"][0], told["of"], masked=told["masked"]))
    if any(side["tried"] for side in told["sides"]):
        out.print(_ALONE)
    if told["outdated"]:
        out.print(OUTDATED)
    if told["masked"]:
        out.print("Of personal values the forms are shown: a for letters, 9 for a digit. A contributor sees the values.")


def _print_matched(side: dict[str, Any], where: str, out: "Console") -> None:
    """What became of a rule's pairs, in numbers."""
    matched, rest = side["matched"], side["records"] - side["matched"]
    out.print(f'Rule "{side["rule"]}", {where}')
    share = f" ({matched / side['records'] * 100:.1f} %)" if side["records"] else ""
    out.print(f"{matched:,} of {side['records']:,} records of {side['right']} matched{share}, {rest:,} did not.")
    for status, reason, pairs in side["pairs"]:
        out.print(f"   {_counted(pairs)} {status}" + (f": {reason}" if reason else ""))


def _print_tried(side: dict[str, Any], where: str, out: "Console") -> None:
    """What would become of the pairs of a rule that is switched off, in numbers."""
    found = {(status, reason): pairs for status, reason, pairs in side["pairs"]}
    already, joins = found.pop(("redundant", None), 0), found.pop(("joined", None), 0)
    out.print(f'Rule "{side["rule"]}", {where}: switched off, and tried alone on the records of the last refresh')
    total = sum(pairs for (status, _), pairs in found.items() if status != "review") + already + joins
    out.print(f"It would find {_counted(total)}:")
    out.print(f"   {_counted(already)} in one cluster already (nothing new)")
    out.print(f"   {_counted(joins)} that would join two clusters")
    for (status, reason), pairs in found.items():
        what = "not alike enough for the rule, for people to decide" if status == "review" else status
        out.print(f"   {_counted(pairs)} {what}" + (f": {reason}" if reason else ""))


def _counted(pairs: int) -> str:
    return f"{pairs:,} {'pair' if pairs == 1 else 'pairs'}"
