"""Serving the pages: only on this machine, without an access log (what people search for is in the address)."""

import socket
from collections.abc import Callable

from cdp_assets.config import Project
from cdp_assets.errors import UserError
from cdp_assets.web.app import Authorise, create_app
from cdp_assets.web.shield import is_loopback

PUBLISHED = "published"


def serve(
    project: Project,
    host: str | None = None,
    port: int | None = None,
    *,
    authorise: Authorise,
    ready: Callable[[str], None] | None = None,
    notice: str | None = None,
) -> None:
    """Serve the pages until interrupted; `ready` is told the address when they can be opened. Port 0: any free one.

    Host and port are those of the section `web` unless given; `notice` stands at the top of every page.
    Raises UserError when the acting user may not see the pages, when the host is not this machine alone, or when the port
    is taken.
    """
    import uvicorn

    authorise()
    host = host or project.config.web.host
    listener = listen(host, project.config.web.port if port is None else port)
    app = create_app(project.store / PUBLISHED, authorise, notice=notice)
    config = uvicorn.Config(app, access_log=False, log_level="error", server_header=False, lifespan="off", timeout_graceful_shutdown=2)
    if ready:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listener.getsockname()[1]}/")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """Bind the address; UserError when it is not a loopback one or is in use."""
    if not is_loopback(host):
        raise UserError(
            f"The pages cannot be served on {host}: they have no sign-in, so only this computer may reach them. Set host under web in "
            "cdp.yaml to 127.0.0.1; to look from elsewhere, forward the port (ssh -L)."
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UserError(f"The pages cannot be served on {host}: this computer has no such address ({error.strerror}).") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise UserError(
            f"The pages cannot be served on {host}, port {port}: {error.strerror}. Choose another port (`cdp web --port`, or port under "
            "web in cdp.yaml), or stop what uses it."
        ) from None
    return listener
