"""Clients of Microsoft's services: tokens, retries, mail and meetings. Knows nothing of assets, tables or projects."""

from cdp_assets.microsoft.endpoints import Endpoints
from cdp_assets.microsoft.errors import CredentialsError, MailboxRefusedError, MicrosoftError, UnreachableError
from cdp_assets.microsoft.graph import Graph, Meeting, Message
from cdp_assets.microsoft.tokens import Tokens, admin_consent_url

__all__ = [
    "CredentialsError",
    "Endpoints",
    "Graph",
    "MailboxRefusedError",
    "Meeting",
    "Message",
    "MicrosoftError",
    "Tokens",
    "UnreachableError",
    "admin_consent_url",
]
