"""What can go wrong with Microsoft's services, in words without addresses, links or secrets."""

from cdp_assets.errors import OutsideError, UserError


class MicrosoftError(UserError):
    """A service did not do what was asked."""


class UnreachableError(MicrosoftError, OutsideError):
    """A service did not answer or is busy, also after waiting for it: it may answer later."""


class CredentialsError(MicrosoftError):
    """The application could not sign in."""


class MailboxRefusedError(MicrosoftError):
    """One mailbox may not be read or is not there (403 or 404); others may be."""
