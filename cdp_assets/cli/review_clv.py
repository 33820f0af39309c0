"""`cdp review clv`: what each prediction of lifetime value will run on, and what the last run gave. Reads the lake only."""

import typer

from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require


def review_clv(context: typer.Context) -> None:
    """Show each prediction's preferences, purchases, prerequisites and last result; nothing is run."""
    from cdp_assets.clv.review import reviews

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "review clv")
    if not project.config.clv:
        raise UserError("There is no prediction in cdp.yaml. Add one under `clv:`, such as next_year: {months: 12}.")
    for review in reviews(project):
        typer.echo(f"Prediction {review.model}")
        for title, lines in review.parts.items():
            typer.echo(f"  {title}: {lines[0]}" if len(lines) == 1 else f"  {title}:")
            for line in lines if len(lines) > 1 else ():
                typer.echo(f"    {line}")
        typer.echo(f"  To change it: clv.{review.model} in {project.file}; what a purchase is, activities.")
        if review.errors:
            typer.echo(f"  {review.errors} prerequisites are not met: `cdp refresh` will not train this prediction.")
        else:
            typer.echo("  To run it: `cdp refresh`.")
