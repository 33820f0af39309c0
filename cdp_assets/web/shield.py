"""What stands around every page: security headers, only this machine's own names, and an error page without a trace."""

import ipaddress
import logging
import traceback
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

WITH_PICTURES = {"Content-Security-Policy": HEADERS["Content-Security-Policy"] + "; img-src 'self' https: http:"}
"""For a page that shows a picture from elsewhere; no other page asks for anything outside."""

ErrorPage = Callable[[Request, str], Response]
"""Makes the page for an error that nobody expected, from the request and the reference under which it is logged."""


class Shield:
    """The middleware around all pages.

    A request under another name than this machine's is refused: a page elsewhere may have pointed its own name at
    127.0.0.1, and would then read what it is shown.
    """

    def __init__(self, app: ASGIApp, error_page: ErrorPage) -> None:
        self.app, self.error_page = app, error_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for header, value in HEADERS.items():
                    headers.setdefault(header, value)
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
            await send(message)

        if not is_loopback(_host(scope)):
            refused = Response("These pages are served to this computer only.\n", status_code=421, media_type="text/plain")
            await refused(scope, receive, with_headers)
            return
        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold values of records
            reference = uuid.uuid4().hex[:8]
            log.error("error %s: %s at %s", reference, type(error).__name__, _place(error))  # noqa: TRY400 - no text, no trace
            if not started:
                await self.error_page(Request(scope), reference)(scope, receive, with_headers)


def is_loopback(host: str) -> bool:
    """Whether this name or address can only be this machine."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(scope: Scope) -> str:
    """The host that the request is meant for, without port and brackets."""
    host = Headers(scope=scope).get("host", "")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _place(error: BaseException) -> str:
    """Where it happened, the innermost line of ours: file and line, no text."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "cdp_assets" in frame.filename] or frames
    return f"{ours[-1].filename.rpartition('cdp_assets')[2].lstrip('/')}:{ours[-1].lineno}" if ours else "?"
