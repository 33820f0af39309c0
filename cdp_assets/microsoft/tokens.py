"""Tokens of an application without a user (client credentials), through msal, which keeps them while they last."""

import logging
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cdp_assets.microsoft.endpoints import Endpoints
from cdp_assets.microsoft.errors import CredentialsError, MicrosoftError, UnreachableError

SCOPE = "https://graph.microsoft.com/.default"
REDIRECT = "https://login.microsoftonline.com/common/oauth2/nativeclient"

# Microsoft warns against depending on these numbers: they only choose a hint.
HINTS = {
    65001: "the tenant has not consented yet; an administrator of it opens the address that `cdp consent engagement` prints",
    90002: "no tenant has the id in engagement.tenant",
    700016: "the tenant does not know the application in engagement.client_id; its administrator must consent first",
    7000215: "the secret is wrong; often the secret's id was copied instead of its value",
    7000222: "the secret has expired; make a new one",
    7000229: "the application is not installed in the tenant; its administrator must consent first",
    53003: "a conditional-access policy of the tenant forbids it",
}


def admin_consent_url(tenant: str, client_id: str) -> str:
    """The page on which an administrator of the tenant lets the application read.

    The redirect is one of Microsoft's own pages; it must be registered with the application (not tried against a real tenant).
    """
    query = urlencode({"client_id": client_id, "state": "engagement", "redirect_uri": REDIRECT})
    return f"https://login.microsoftonline.com/{tenant}/adminconsent?{query}"


class Tokens:
    """Gives the token for Microsoft Graph; msal caches it and asks for a new one in time."""

    def __init__(self, endpoints: Endpoints, tenant: str, client_id: str, secret: str) -> None:
        self._endpoints, self._tenant, self._client_id, self._secret = endpoints, tenant, client_id, secret
        self._app: Any = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Tokens({self._endpoints.login})"

    def token(self, *, fresh: bool = False) -> str:
        """The token; `fresh` forgets a kept one that the service refused. CredentialsError when there is none."""
        with self._lock:
            try:
                if self._app is None:
                    self._app = self._application()
                elif fresh:
                    self._app.remove_tokens_for_client()
                answer = self._app.acquire_token_for_client([SCOPE])
            except (OSError, ValueError) as error:
                # All errors of requests are OSErrors;
                # msal turns an answer that it does not understand into a ValueError with the whole answer in it
                kind = UnreachableError if _is_out_of_reach(error) else MicrosoftError
                raise kind(
                    f"The sign-in service could not be used ({type(error).__name__}). Nothing was read. "
                    "Check engagement.tenant and the network."
                ) from None
        if "access_token" not in answer:
            raise CredentialsError(_refusal(answer))
        return str(answer["access_token"])

    def _application(self) -> Any:
        import msal  # type: ignore[import-untyped]

        logging.getLogger("msal").setLevel(logging.WARNING)
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines hold addresses
        return msal.ConfidentialClientApplication(
            self._client_id,
            client_credential=self._secret,
            authority=f"{self._endpoints.login}/{self._tenant}",
            instance_discovery=False if self._endpoints.stand_in else None,
            http_client=self._endpoints.session(),
        )


def _is_out_of_reach(error: Exception) -> bool:
    """Whether the service may answer later: no connection or no answer, other than one whose certificate is wrong."""
    import requests

    return isinstance(error, requests.ConnectionError | requests.Timeout) and not isinstance(error, requests.exceptions.SSLError)


def _refusal(answer: Mapping[str, Any]) -> str:
    """The message for an error of the sign-in service: a hint, its code and the number of the request, never its text."""
    codes = [code for code in answer.get("error_codes") or () if isinstance(code, int)]
    hint = next((HINTS[code] for code in codes if code in HINTS), "check engagement.tenant, engagement.client_id and the secret")
    kind = "".join(letter for letter in str(answer.get("error", "")) if letter.isalnum() or letter == "_")[:40]
    numbers = " ".join(f"AADSTS{code}" for code in codes)
    request = "".join(letter for letter in str(answer.get("correlation_id", "")) if letter.isalnum() or letter == "-")[:40]
    details = ", ".join(part for part in (kind, numbers, f"request {request}" if request else "") if part)
    return f"Signing in was refused: {hint} ({details}). Nothing was read."
