"""Who may do what, who did what, what people decided, and what they consent to."""

from cdp_assets.governance.access import AccessDeniedError, acting_user, require, role_of
from cdp_assets.governance.audit import record
from cdp_assets.governance.decisions import Decision, decide, latest, standing
from cdp_assets.governance.masking import masked

__all__ = ["AccessDeniedError", "Decision", "acting_user", "decide", "latest", "masked", "record", "require", "role_of", "standing"]
