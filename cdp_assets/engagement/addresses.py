"""The own addresses whose mail and meetings are read: those of the list, and no others."""

from cdp_assets.config import Project
from cdp_assets.config.base import RefusedError
from cdp_assets.config.engagement import Engagement, addresses_in
from cdp_assets.errors import UserError


def own_addresses(project: Project, settings: Engagement) -> tuple[str, ...]:
    """The distinct listed addresses, in small letters and sorted.

    UserError, which shows none of them, when the file cannot be read, a line of it is no address, or there are fewer
    than 2 or more than 2,500.
    """
    if not isinstance(settings.addresses, str):
        return settings.addresses
    where = f"engagement.addresses: {settings.addresses}"
    try:
        lines = (project.folder / settings.addresses).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{where}: is not text in UTF-8.") from None
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        raise UserError(f"{where}: {reason}. Write one own address a line, relative to the folder of cdp.yaml.") from None
    try:
        return addresses_in(lines)
    except RefusedError as error:
        raise UserError(f"{where}: {error.message}.") from None
