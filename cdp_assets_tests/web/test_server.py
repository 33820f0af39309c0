"""Where the pages may be served."""

import socket

import pytest

from cdp_assets.errors import UserError
from cdp_assets.web.server import listen


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "example.org", ""])
def test_other_hosts_than_this_computer_are_refused(host):
    with pytest.raises(UserError, match=r"only this computer may reach them\. Set host under web in cdp\.yaml to 127\.0\.0\.1"):
        listen(host, 0)


def test_a_port_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port}: Address already in use"):
            listen("127.0.0.1", port)


def test_any_free_port():
    listen("127.0.0.1", 0).close()
