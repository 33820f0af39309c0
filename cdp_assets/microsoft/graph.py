"""Reading mail and meetings of a mailbox through Microsoft Graph 1.0: who, when and how long - never a subject or a text."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from cdp_assets.microsoft.endpoints import Endpoints
from cdp_assets.microsoft.errors import CredentialsError, MailboxRefusedError, MicrosoftError, UnreachableError

if TYPE_CHECKING:
    import requests

TRIES = 6
LONGEST_WAIT = 300.0  # seconds, all waits of one request together
PAGE = 500  # Graph allows 1,000; large pages risk a 504
MOST_PAGES = 10_000
BUSY = (429, 503, 504)
MESSAGE_FIELDS = "internetMessageId,conversationId,from,toRecipients,ccRecipients,receivedDateTime,isDraft"
MEETING_FIELDS = "iCalUId,organizer,attendees,start,end,isCancelled,isAllDay,showAs,responseStatus"
PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'


class TokenSource(Protocol):
    """What gives tokens."""

    def token(self, *, fresh: bool = False) -> str:
        """The token; `fresh` for one that was not given before."""
        ...


class Message(NamedTuple):
    """A message as one mailbox holds it; addresses in small letters, times UTC."""

    message_id: str | None
    conversation_id: str | None
    sender: str | None
    recipients: list[str]  # to and cc
    received_at: datetime
    is_draft: bool


class Meeting(NamedTuple):
    """An occurrence of a meeting as one mailbox holds it; addresses in small letters, times UTC."""

    ical_uid: str | None
    starts_at: datetime
    ends_at: datetime
    organizer: str | None
    attendees: list[str]
    responses: list[str]  # of each attendee
    kinds: list[str]  # of each attendee: required, optional, resource
    own_response: str
    is_cancelled: bool
    is_all_day: bool
    show_as: str


class Graph:
    """Reads mailboxes. May be used by several threads; one mailbox by one of them, as the service allows few at a time."""

    def __init__(self, endpoints: Endpoints, tokens: TokenSource, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._endpoints, self._tokens, self._sleep = endpoints, tokens, sleep
        self._local = threading.local()

    def messages_of(self, address: str, first: date, end: date) -> Iterator[Message]:
        """The messages that the mailbox received from the day `first` on and before the day `end` (UTC)."""
        query = {
            "$select": MESSAGE_FIELDS,
            "$filter": f"receivedDateTime ge {first}T00:00:00Z and receivedDateTime lt {end}T00:00:00Z",
            "$orderby": "receivedDateTime",
            "$top": str(PAGE),
        }
        for item in self._pages(f"users/{quote(address, safe='@')}/messages", query):
            people = [*(item.get("toRecipients") or ()), *(item.get("ccRecipients") or ())]
            yield Message(
                item.get("internetMessageId"),
                item.get("conversationId"),
                _address(item.get("from")),
                [found for each in people if (found := _address(each))],
                _instant(item.get("receivedDateTime")),
                bool(item.get("isDraft")),
            )

    def meetings_of(self, address: str, first: date, end: date) -> Iterator[Meeting]:
        """The occurrences of meetings that touch the days from `first` on and before `end` (UTC), of the default calendar."""
        query = {"startDateTime": f"{first}T00:00:00Z", "endDateTime": f"{end}T00:00:00Z", "$select": MEETING_FIELDS, "$top": str(PAGE)}
        for item in self._pages(f"users/{quote(address, safe='@')}/calendarView", query):
            people = [(found, each) for each in item.get("attendees") or () if (found := _address(each))]
            yield Meeting(
                item.get("iCalUId"),
                _zoned(item.get("start")),
                _zoned(item.get("end")),
                _address(item.get("organizer")),
                [found for found, _ in people],
                [str((each.get("status") or {}).get("response") or "none") for _, each in people],
                [str(each.get("type") or "required") for _, each in people],
                str((item.get("responseStatus") or {}).get("response") or "none"),
                bool(item.get("isCancelled")),
                bool(item.get("isAllDay")),
                str(item.get("showAs") or "unknown"),
            )

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        url: str | None = f"{self._endpoints.graph}/v1.0/{path}?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in query.items())
        seen: set[str] = set()
        while url is not None:
            seen.add(url)
            page = self._get(url)
            items = page.get("value")
            if not isinstance(items, list):
                raise MicrosoftError("Microsoft Graph gave an answer without a list.")
            yield from items
            url = page.get("@odata.nextLink")
            if url is not None and (not isinstance(url, str) or _origin(url) != _origin(self._endpoints.graph)):
                raise MicrosoftError("Microsoft Graph gave a link to another server, which was not followed.")
            if url in seen or len(seen) >= MOST_PAGES:
                raise MicrosoftError("Microsoft Graph gave a link to a page that was read already.")

    def _get(self, url: str) -> dict[str, Any]:
        """The answer to a request that changes nothing, tried again while the service is busy or cannot be reached."""
        waited, renewed = 0.0, False
        for attempt in range(1, TRIES + 1):
            token = self._tokens.token()
            answer = self._send(url, token)
            if answer is not None and answer.status_code == 401 and not renewed:
                renewed = True
                self._tokens.token(fresh=True)
                continue
            if answer is not None and answer.status_code not in BUSY:
                return _body(answer)
            wait = _retry_after(answer) if answer is not None else None
            wait = min(60.0, 2.0**attempt) if wait is None else wait
            if attempt == TRIES or waited + wait > LONGEST_WAIT:
                break
            waited += wait
            self._sleep(wait)
        state = "could not be reached" if answer is None else f"is busy ({answer.status_code})"
        raise UnreachableError(f"Microsoft Graph {state}, also after waiting. What was read before is kept; refresh again later.")

    def _send(self, url: str, token: str) -> "requests.Response | None":
        import requests

        if not hasattr(self._local, "session"):
            self._local.session = self._endpoints.session()
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Prefer": PREFER,
            "client-request-id": str(uuid.uuid4()),
        }
        session: requests.Session = self._local.session
        try:
            return session.get(url, headers=headers)
        except requests.exceptions.SSLError:
            raise MicrosoftError("The certificate of Microsoft Graph could not be verified.") from None
        except requests.RequestException:
            return None  # its text holds the whole address
        except OSError:
            raise MicrosoftError("The bundle of certificates (REQUESTS_CA_BUNDLE) cannot be read.") from None


def _body(answer: "requests.Response") -> dict[str, Any]:
    if answer.status_code == 200:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if isinstance(body, dict):
            return body
        raise MicrosoftError("Microsoft Graph gave an answer that is not JSON.")
    details = _details(answer)
    if answer.status_code == 401:
        raise CredentialsError(f"Microsoft Graph refused the token ({details}). Check engagement.client_id and the secret.")
    if answer.status_code in (403, 404):
        raise MailboxRefusedError(f"A mailbox may not be read or is not there ({details}).")
    raise MicrosoftError(f"Microsoft Graph refused a request ({details}).")


def _details(answer: "requests.Response") -> str:
    """Status, code and request number: the message of an error can hold addresses."""
    try:
        error = answer.json().get("error")
        code = str(error.get("code") or "") if isinstance(error, dict) else ""
    except (ValueError, AttributeError):
        code = ""
    code = "".join(letter for letter in code if letter.isalnum() or letter in "._")[:60]
    request = "".join(letter for letter in answer.headers.get("request-id", "") if letter.isalnum() or letter == "-")[:40]
    return ", ".join(part for part in (str(answer.status_code), code, f"request {request}" if request else "") if part)


def _retry_after(answer: "requests.Response") -> float | None:
    """Seconds to wait as the service says, in seconds or as a date; None: it does not say."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _address(person: Any) -> str | None:
    """The address in the form that is compared: without spaces around it, in small letters."""
    given = ((person or {}).get("emailAddress") or {}).get("address")
    return (str(given).strip().lower() or None) if given else None


def _instant(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise MicrosoftError("Microsoft Graph gave a message with a time that cannot be read.") from None


def _zoned(given: Any) -> datetime:
    """A time of a meeting: naive, with the zone beside it, which we ask to be UTC."""
    zone, text = (str((given or {}).get(key)) for key in ("timeZone", "dateTime"))
    if zone not in ("UTC", "Etc/UTC", "Etc/GMT"):
        raise MicrosoftError("Microsoft Graph gave the time of a meeting in another time zone than UTC.")
    try:
        # seven digits of a second come; six are what a time can hold
        return datetime.fromisoformat(text[:26]).replace(tzinfo=None)
    except ValueError:
        raise MicrosoftError("Microsoft Graph gave a meeting with a time that cannot be read.") from None
