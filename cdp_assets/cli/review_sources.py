"""`cdp review sources`: what the columns of the sources look like, from the last refresh. Reads the lake only."""

from typing import Annotated

import typer

from cdp_assets.cli.console import plain_console
from cdp_assets.cli.context import Context
from cdp_assets.config import Role
from cdp_assets.errors import UserError
from cdp_assets.governance import require

MOST = 5
"""So many of the most frequent values, or forms of values, are shown."""


def review_sources(
    context: typer.Context, source: Annotated[str | None, typer.Argument(help="Only this source (default: all).")] = None
) -> None:
    """Show each column's missing and differing values and the most frequent ones; of personal columns only the forms of values."""
    from rich.table import Table as Grid

    from cdp_assets.config.problems import nearest
    from cdp_assets.lake import Place, no_values_in_errors, session
    from cdp_assets.sources.tables import COLUMN_PROFILES

    obj: Context = context.obj
    project = obj.load()
    require(project, obj.user, Role.contributor, "review sources")
    known = list(project.config.sources)
    if source is not None and source not in known:
        hint = nearest(source, known)
        raise UserError(f"There is no source {source} in cdp.yaml. {f'Did you mean {hint}? ' if hint else ''}Sources: {', '.join(known)}.")
    console = plain_console()
    with no_values_in_errors("column_profiles"), session() as connection:
        for name in [source] if source else known:
            rows = connection.execute(
                f"""
                select column_name, "rows", nulls, missing, uniques, told, list_zip(top[1:{MOST}], top_rows[1:{MOST}])
                from ({Place(project.store).newest(COLUMN_PROFILES).sql}) where source = $source order by place
                """,
                {"source": name},
            ).fetchall()
            if not rows:
                typer.echo(f"{name}: has not been read yet: `cdp refresh`.")
                continue
            grid = Grid(title=f"{name}  {rows[0][1]:,} rows", title_justify="left")
            for number, column in enumerate(("column", "empty", "missing", "differ", "most frequent")):
                grid.add_column(column, justify="right" if 1 <= number <= 3 else "left")
            for column, _, nulls, missing, uniques, told, top in rows:
                frequent = ", ".join(f"{value} {count:,}" for value, count in top)
                shown = f"forms: {frequent}" if told == "patterns" and top else frequent
                grid.add_row(column, f"{nulls:,}", f"{missing:,}", f"{uniques:,}", shown)
            console.print(grid)
