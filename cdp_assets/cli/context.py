"""What every command knows: the chosen project and the acting user."""

from dataclasses import dataclass
from pathlib import Path

from cdp_assets.config import Project, load_project
from cdp_assets.governance import acting_user


@dataclass(frozen=True)
class Context:
    """The options that stand before the command's name."""

    folder: str | None = None
    as_: str | None = None

    def load(self) -> Project:
        """The chosen project; ConfigError says what is wrong with its cdp.yaml."""
        return load_project(self.chosen)

    @property
    def chosen(self) -> Path | None:
        """The folder that was asked for, if any."""
        return Path(self.folder) if self.folder else None

    @property
    def user(self) -> str:
        """The acting user."""
        return acting_user(self.as_)
