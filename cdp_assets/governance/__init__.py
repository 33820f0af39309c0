"""Who may do what, and who did what."""

from cdp_assets.governance.access import AccessDeniedError, acting_user, require
from cdp_assets.governance.audit import record

__all__ = ["AccessDeniedError", "acting_user", "record", "require"]
