"""Where the services are, and how a connection to them is opened."""

import os
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS, READ_SECONDS = 5, 60


@dataclass(frozen=True)
class Endpoints:
    """The services' roots. Only a stand-in has others than these, with a certificate of its own in `ca_bundle`."""

    login: str = "https://login.microsoftonline.com"
    graph: str = "https://graph.microsoft.com"
    ca_bundle: str | None = None

    @property
    def stand_in(self) -> bool:
        """Whether these are not Microsoft's."""
        return self.ca_bundle is not None

    def session(self) -> "requests.Session":
        """A session that verifies certificates, never follows a redirect and always has a time limit.

        The surroundings are not trusted blindly: ~/.netrc would replace our header, and REQUESTS_CA_BUNDLE the bundle of
        a stand-in. Proxies and that bundle count for Microsoft's own addresses.
        """
        import requests

        class _Limited(requests.Session):
            def request(self, *args: Any, **more: Any) -> requests.Response:
                more["timeout"] = more.get("timeout") or (CONNECT_SECONDS, READ_SECONDS)
                more["allow_redirects"] = False
                return super().request(*args, **more)

        session = _Limited()
        session.trust_env = False
        if self.stand_in:
            session.verify = self.ca_bundle
        else:
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            session.proxies.update(urllib.request.getproxies())
        return session
