"""`cdp why` and `cdp why-not`: why two records are one customer, account or contact, and why they are not."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cdp_assets.cli.context import Context
from cdp_assets.cli.entities import Of, config_of, tables_of
from cdp_assets.config import Role
from cdp_assets.errors import UserError
from cdp_assets.governance import masked, record, require

if TYPE_CHECKING:
    from cdp_assets.identity.explain import Reader, Record, Teller

A = Annotated[str, typer.Argument(metavar="A", help="A record as source:key (or source|key), or a profile's id for any of its records.")]
B = Annotated[str, typer.Argument(metavar="B", help="The other one.")]
Whose = Annotated[Of, typer.Option("--of", help="Whose records they are.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]


def why(context: typer.Context, a: A, b: B, of: Whose = "customers", as_json: AsJson = False) -> None:
    """Show why two records are one: the rules that lead from one to the other and what they compared. Viewers see forms of values."""
    from cdp_assets.cli.why_words import print_why
    from cdp_assets.identity import explain

    def answer(reader: "Reader", one: "Record", other: "Record", teller: "Teller") -> dict[str, Any]:
        found = explain.why(reader, one, other)
        if found is None:
            raise UserError(f"They are not one {of.removesuffix('s')}: `cdp why-not` with the same two says what is between them.")
        return teller.why(found)

    _ask(context, "why", of, (a, b), answer, None if as_json else print_why)


def why_not(context: typer.Context, a: A, b: B, of: Whose = "customers", as_json: AsJson = False) -> None:
    """Show why two records are not one: evidence that was not used, and what each rule says of them. Viewers see forms of values."""
    from cdp_assets.cli.why_words import print_why_not
    from cdp_assets.identity import explain

    def answer(reader: "Reader", one: "Record", other: "Record", teller: "Teller") -> dict[str, Any]:
        found = explain.why_not(reader, one, other)
        if found is None:
            raise UserError(f"They are one {of.removesuffix('s')}: `cdp why` with the same two shows the way between them.")
        return teller.why_not(found)

    _ask(context, "why-not", of, (a, b), answer, None if as_json else print_why_not)


def _ask(
    context: typer.Context,
    action: str,
    of: Of,
    named: tuple[str, str],
    answer: Callable[["Reader", "Record", "Record", "Teller"], dict[str, Any]],
    show: Callable[[dict[str, Any], Of], None] | None,
) -> None:
    """Answer for the acting user by their role, write down that they asked, and show it."""
    from cdp_assets.contacts.outdated import OUTDATED, advice, outdated
    from cdp_assets.identity.explain import Reader, Teller, names
    from cdp_assets.lake import Place

    obj: Context = context.obj
    project = obj.load()
    role = require(project, obj.user, Role.viewer, action, of)
    place, config = Place(project.store), config_of(project, of)
    old = outdated(project, of)
    with advice(old), Reader(place, config, tables_of(project, of)) as reader:
        one, other = reader.find(*named)
        hide = masked if role < Role.contributor else None
        # who gave only the id of a profile has not named the record behind it: its key may be an e-mail address
        typed = [each.node for each, text in zip((one, other), named, strict=True) if names(text, each.node)]
        told = answer(reader, one, other, Teller(config, hide, typed))
        newer = reader.newer
    ids = sorted({each.profile or f"a record of {each.node.source} without a profile" for each in (one, other)})
    detail = "forms of values" if hide else "values"
    record(place, user=obj.user, action=action, subject=f"{of}: {', '.join(ids)}", outcome="done", role=role.name, detail=detail)
    if show is None:
        typer.echo(json.dumps({**told, "newer_tables": list(newer), "outdated": old}, ensure_ascii=False))
        return
    show(told, of)
    if old:
        typer.echo(OUTDATED)
    if newer:
        typer.echo(
            f"A refresh is half done: {', '.join(newer)} {'has' if len(newer) == 1 else 'have'} been made anew since. "
            "This is the last whole state; `cdp refresh` makes the next one."
        )
