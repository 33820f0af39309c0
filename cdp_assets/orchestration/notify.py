"""Telling people of a failed run: a webhook, a mail, a function of an embedding project. Whatever goes wrong here breaks nothing else."""

import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from cdp_assets.config import Project
from cdp_assets.config.alerts import Alerts, Mail
from cdp_assets.errors import UserError
from cdp_assets.orchestration.alert import Alert

OnFailure = Callable[[Alert], None]
SECONDS = 10  # that a server has for its answer


def tell(project: Project, alert: Alert, on_failure: OnFailure | None = None) -> list[str]:
    """Tell everybody who is to be told; what could not be done, in words without addresses and secrets. Raises nothing."""
    alerts = project.config.alerts
    ways: list[tuple[str, Callable[[], None]]] = []
    if alerts is not None and wanted(alerts, alert):
        webhook, mail = alerts.webhook, alerts.mail
        if webhook is not None:
            ways.append(("alerts.webhook", lambda: post(webhook, alert)))
        if mail is not None:
            ways.append(("alerts.mail", lambda: send(mail, alert)))
    if on_failure is not None:
        ways.append(("on_failure", lambda: on_failure(alert)))
    problems = []
    for name, way in ways:
        try:
            way()
        except UserError as error:
            problems.append(f"{name}: {error.message}")
        except Exception as error:  # noqa: BLE001 - a hook of anybody, or any library: no failure of it may count
            problems.append(f"{name}: nobody was told of the failed run ({type(error).__name__})")
    return problems


def wanted(alerts: Alerts, alert: Alert) -> bool:
    """Whether the section `alerts` asks to be told of this."""
    return "failure" in alerts.on or bool(alert.skipped)


def post(variable: str, alert: Alert) -> None:
    """Send the alert as JSON to the address in an environment variable."""
    address = _value(variable)
    if not address.startswith(("https://", "http://")):
        raise UserError(f"the environment variable {variable} holds no address that begins with https://")
    body = json.dumps(alert.as_json()).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        opener.open(request, timeout=SECONDS).close()
    except urllib.error.HTTPError as error:
        raise UserError(f"the address in {variable} answered {error.code}; nobody was told of the failed run") from None
    except (OSError, ValueError) as error:  # the text of these holds the address
        raise UserError(f"the address in {variable} could not be reached ({type(error).__name__}); nobody was told") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is told goes to the address that was configured, or nowhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(mail: Mail, alert: Alert) -> None:
    """Send the alert as a mail."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = alert.subject, mail.from_, ", ".join(mail.to)
    message.set_content(alert.text)
    host, port = mail.host_and_port
    try:
        with _connection(mail, host, port) as server:
            if mail.encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.user is not None and mail.password is not None:
                server.login(_value(mail.user), _value(mail.password))
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:  # their texts can hold addresses
        raise UserError(f"the mail server {mail.server} did not take the mail ({type(error).__name__}); nobody was told") from None


def _connection(mail: Mail, host: str, port: int) -> smtplib.SMTP:
    if mail.encryption == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=SECONDS)


def _value(variable: str) -> str:
    found = os.environ.get(variable, "").strip()
    if not found:
        raise UserError(f"the environment variable {variable} is not set; nobody was told of the failed run")
    return found
