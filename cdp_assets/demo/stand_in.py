"""A stand-in for Microsoft's sign-in service and Graph: a server on this machine, over HTTPS, that answers from files.

It runs only while a step reads from it (`service: demo`) and listens on 127.0.0.1 only, on a free port, with a
certificate and a secret of its own that end with it. It refuses what the real services refuse: a wrong secret, a
missing token, an unknown mailbox, a filter or a field that Graph does not know.
"""

import json
import re
import secrets
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from cdp_assets.demo.certificate import HOST, write_certificate
from cdp_assets.demo.mailboxes import Mailboxes, meeting, message
from cdp_assets.microsoft import Endpoints

FOLDER = "stand_in"
MOST_IN_A_PAGE = 1000
_FILTER = re.compile(r"receivedDateTime ge (\S+)Z and receivedDateTime lt (\S+)Z")

Answer = tuple[int, dict[str, Any], dict[str, str]]
"""Status, body, further headers."""
Fault = Callable[[str], Answer | None]
"""For tests: the path of a request for data -> an answer in place of the right one."""


@dataclass(frozen=True)
class StandIn:
    """A stand-in that is running. `paths`: what was asked for, in order, without the query."""

    endpoints: Endpoints
    secret: str = field(repr=False)
    paths: list[str] = field(repr=False, default_factory=list)


@contextmanager
def stand_in(project: Path, fault: Fault | None = None) -> Iterator[StandIn]:
    """Serve the mail and meetings of the project's folder `stand_in` while the block runs."""
    service = _Service(Mailboxes(project / FOLDER), fault or (lambda _path: None))
    with tempfile.TemporaryDirectory(prefix="cdp-stand-in-") as folder:
        certificate, key = write_certificate(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = _Server((HOST, 0), _Handler)
        server.service = service
        # each connection shakes hands in its own thread
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        service.root = f"https://{HOST}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="stand-in", daemon=True)
        thread.start()
        try:
            yield StandIn(Endpoints(service.root, service.root, str(certificate)), service.secret, service.paths)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass
class _Service:
    """What the server answers, apart from HTTP."""

    mailboxes: Mailboxes
    fault: Fault
    root: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    paths: list[str] = field(default_factory=list)

    def sign_in(self, path: str, form: dict[str, str]) -> Answer:
        """The token for the right secret."""
        if not path.endswith("/oauth2/v2.0/token"):
            return _error(404, "not_found")
        if form.get("grant_type") != "client_credentials" or not form.get("scope", "").endswith("/.default"):
            return 400, {"error": "invalid_request", "error_codes": [900144]}, {}
        if not secrets.compare_digest(form.get("client_secret", ""), self.secret):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215", "error_codes": [7000215]}, {}
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self.token}, {}

    def configuration(self, path: str) -> Answer:
        """Where the sign-in service's parts are, as OpenID Connect says it."""
        tenant = f"{self.root}/{path.split('/')[1]}"
        found = {
            name: f"{tenant}/oauth2/v2.0/{part}" for name, part in (("token_endpoint", "token"), ("authorization_endpoint", "authorize"))
        }
        return 200, {**found, "issuer": f"{tenant}/v2.0"}, {}

    def data(self, path: str, query: dict[str, str], authorization: str) -> Answer:
        """Messages or meetings of a mailbox."""
        self.paths.append(path)
        if (answer := self.fault(path)) is not None:
            return answer
        if not secrets.compare_digest(authorization, f"Bearer {self.token}"):
            return _error(401, "InvalidAuthenticationToken")
        found = re.fullmatch(r"/v1\.0/users/([^/]+)/(messages|calendarView)", path)
        if not found:
            return _error(404, "ResourceNotFound")
        address = unquote(found[1])
        if address not in self.mailboxes:
            return _error(404, "ErrorInvalidUser")
        try:
            items = self._messages(address, query) if found[2] == "messages" else self._meetings(address, query)
            return self._page(path, query, items)
        except (KeyError, ValueError, TypeError):
            return _error(400, "BadRequest")

    def _messages(self, address: str, query: dict[str, str]) -> list[dict[str, Any]]:
        between = _FILTER.fullmatch(query["$filter"])
        if between is None or query["$orderby"] != "receivedDateTime":
            raise ValueError(query)
        first, end = (datetime.fromisoformat(each) for each in between.groups())
        return [message(row) for row in self.mailboxes.messages(address, first, end)]

    def _meetings(self, address: str, query: dict[str, str]) -> list[dict[str, Any]]:
        first, end = (datetime.fromisoformat(query[each].removesuffix("Z")) for each in ("startDateTime", "endDateTime"))
        return [meeting(row, address) for row in self.mailboxes.meetings(address, first, end)]

    def _page(self, path: str, query: dict[str, str], items: list[dict[str, Any]]) -> Answer:
        size, start = int(query.get("$top", "10")), int(query.get("$skiptoken", "0"))
        if not 1 <= size <= MOST_IN_A_PAGE:
            raise ValueError(size)
        wanted = query["$select"].split(",")
        body: dict[str, Any] = {"value": [{name: item[name] for name in wanted} for item in items[start : start + size]]}
        if start + size < len(items):
            more = {**query, "$skiptoken": str(start + size)}
            body["@odata.nextLink"] = f"{self.root}{path}?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in more.items())
        return 200, body, {}


def _error(status: int, code: str) -> Answer:
    return status, {"error": {"code": code, "message": "refused by the stand-in"}}, {"request-id": "00000000-0000-0000-0000-000000000000"}


class _Server(ThreadingHTTPServer):
    service: _Service
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no event."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/.well-known/openid-configuration"):
            self._answer(self.server.service.configuration(parts.path))
        else:
            self._answer(self.server.service.data(parts.path, query, self.headers.get("Authorization", "")))

    def do_POST(self) -> None:
        given = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(given).items()}
        self._answer(self.server.service.sign_in(urlsplit(self.path).path, form))

    def _answer(self, answer: Answer) -> None:
        status, body, headers = answer
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
        """Nothing is logged: the paths hold addresses."""
