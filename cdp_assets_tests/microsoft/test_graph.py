"""The Graph client against answers made by hand: what it asks, when it waits, what it refuses to follow, what it says."""

import logging
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from cdp_assets.microsoft import CredentialsError, Endpoints, Graph, MailboxRefusedError, Message, MicrosoftError, admin_consent_url

FIRST, END = date(2026, 11, 1), date(2026, 12, 1)
ANN = "ann@own.com"
ROOT = "https://graph.microsoft.com"


class Answer:
    """What requests gives for an answer, as far as it is used."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        self.status_code, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def json(self) -> Any:
        if self.body is None:
            raise ValueError("no JSON")
        return self.body


class World(Endpoints):
    """Endpoints whose sessions give the prepared answers, and what was asked and waited."""

    def __init__(self, *answers: Answer | Exception) -> None:
        super().__init__()
        self.__dict__.update(answers=list(answers), urls=[], headers=[], waits=[], fresh=[])

    def session(self) -> Any:
        return self

    def get(self, url: str, headers: dict[str, str]) -> Answer:
        self.urls.append(url)
        self.headers.append(headers)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def token(self, *, fresh: bool = False) -> str:
        self.fresh.append(fresh)
        return "a-token"

    def read(self, of: Callable[[Graph], Iterator[Any]] = lambda graph: graph.messages_of(ANN, FIRST, END)) -> list[Any]:
        return list(of(Graph(self, self, sleep=self.waits.append)))


def page(*items: dict[str, Any], then: str | None = None) -> Answer:
    return Answer(200, {"value": list(items), **({"@odata.nextLink": then} if then else {})})


def person(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": "N"}}


MESSAGE = {
    "internetMessageId": "<1>", "conversationId": "c", "from": person(" Cy@A.com "), "toRecipients": [person("ANN@own.com")],
    "ccRecipients": [person("ben@own.com")], "receivedDateTime": "2026-11-02T10:00:00Z", "isDraft": False,
}  # fmt: skip
MEETING = {
    "iCalUId": "u", "organizer": person("ann@own.com"), "isCancelled": False, "isAllDay": False, "showAs": "busy",
    "attendees": [{**person("cy@a.com"), "type": "required", "status": {"response": "accepted"}}],
    "start": {"dateTime": "2026-11-02T10:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-02T10:30:00.0000000", "timeZone": "UTC"},
    "responseStatus": {"response": "organizer"},
}  # fmt: skip


def test_addresses_are_trimmed_and_in_small_letters() -> None:
    world = World(page(MESSAGE))
    time = datetime.fromisoformat("2026-11-02 10:00")
    assert world.read() == [Message("<1>", "c", "cy@a.com", ["ann@own.com", "ben@own.com"], time, is_draft=False)]


def test_what_is_asked_of_mail_names_no_subject_and_no_text() -> None:
    world = World(page())
    world.read()
    query = {name: values[0] for name, values in parse_qs(urlsplit(world.urls[0]).query).items()}
    assert urlsplit(world.urls[0]).path == f"/v1.0/users/{ANN}/messages"
    assert query["$filter"] == "receivedDateTime ge 2026-11-01T00:00:00Z and receivedDateTime lt 2026-12-01T00:00:00Z"
    assert query["$orderby"] == "receivedDateTime"
    assert not {"subject", "body", "bodyPreview"} & set(query["$select"].split(","))
    assert 'IdType="ImmutableId"' in world.headers[0]["Prefer"]
    assert world.headers[0]["Authorization"] == "Bearer a-token"
    assert world.headers[0]["client-request-id"]


def test_meetings_are_read_with_their_people_and_answers() -> None:
    world = World(page(MEETING))
    [meeting] = world.read(lambda graph: graph.meetings_of(ANN, FIRST, END))
    assert (meeting.ical_uid, meeting.attendees, meeting.responses, meeting.own_response) == ("u", ["cy@a.com"], ["accepted"], "organizer")
    assert (meeting.ends_at - meeting.starts_at).total_seconds() == 1800


def test_a_meeting_in_another_time_zone_is_refused() -> None:
    world = World(page({**MEETING, "start": {"dateTime": "2026-11-02T10:00:00", "timeZone": "Pacific Standard Time"}}))
    with pytest.raises(MicrosoftError, match="another time zone"):
        world.read(lambda graph: graph.meetings_of(ANN, FIRST, END))


def test_the_next_page_is_followed_as_it_is() -> None:
    link = f"{ROOT}/v1.0/users/x/messages?$skip=10&odd=%20"
    world = World(page(MESSAGE, then=link), page(MESSAGE))
    assert len(world.read()) == 2
    assert world.urls[1] == link
    assert all('IdType="ImmutableId"' in headers["Prefer"] for headers in world.headers)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/x",
        "http://graph.microsoft.com/v1.0/x",
        "https://graph.microsoft.com:444/x",
        "https://graph.microsoft.com@evil.example/",
    ],
)
def test_a_link_to_another_server_is_not_followed(link: str) -> None:
    world = World(page(then=link))
    with pytest.raises(MicrosoftError, match="another server"):
        world.read()
    assert len(world.urls) == 1


def test_a_page_is_never_read_twice() -> None:
    link = f"{ROOT}/v1.0/next"
    with pytest.raises(MicrosoftError, match="read already"):
        World(page(then=link), page(then=link)).read()


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_busy_service_is_asked_again_after_the_time_that_it_says(status: int) -> None:
    world = World(Answer(status, Retry_After="7"), Answer(status), page(MESSAGE))
    assert len(world.read()) == 1
    assert world.waits == [7.0, 4.0]


def test_waiting_is_bounded() -> None:
    world = World(Answer(429, Retry_After="86400"))
    with pytest.raises(MicrosoftError, match="busy"):
        world.read()
    assert world.waits == []


def test_a_service_that_stays_busy_is_given_up() -> None:
    world = World(*[Answer(503, Retry_After="1")] * 6)
    with pytest.raises(MicrosoftError, match="refresh again later"):
        world.read()
    assert len(world.urls) == 6


def test_a_lost_connection_is_tried_again_and_its_text_is_not_shown() -> None:
    lost = requests.ConnectionError(f"https://graph.microsoft.com/v1.0/users/{ANN}")
    assert len(World(lost, page(MESSAGE)).read()) == 1
    with pytest.raises(MicrosoftError, match="could not be reached") as raised:
        World(*[lost] * 6).read()
    assert ANN not in str(raised.value)


def test_a_refused_token_is_renewed_once() -> None:
    world = World(Answer(401), page(MESSAGE))
    assert len(world.read()) == 1
    assert True in world.fresh
    with pytest.raises(CredentialsError):
        World(Answer(401), Answer(401)).read()


@pytest.mark.parametrize("status", [403, 404])
def test_a_mailbox_that_may_not_be_read_is_told_apart_without_its_address(status: int) -> None:
    body = {"error": {"code": "ErrorAccessDenied", "message": f"{ANN} may not be read"}}
    with pytest.raises(MailboxRefusedError, match=f"{status}, ErrorAccessDenied, request 1-2") as raised:
        World(Answer(status, body, request_id="1-2")).read()
    assert ANN not in str(raised.value)


@pytest.mark.parametrize("status", [302, 400, 500])
def test_other_answers_are_errors_and_redirects_are_not_followed(status: int) -> None:
    world = World(Answer(status, Location="https://169.254.169.254/"))
    with pytest.raises(MicrosoftError, match=str(status)):
        world.read()
    assert len(world.urls) == 1


def test_the_session_verifies_certificates_and_trusts_no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/their/bundle.pem")
    mine, theirs = Endpoints(ca_bundle="/mine.pem").session(), Endpoints().session()
    assert (mine.verify, theirs.verify) == ("/mine.pem", "/their/bundle.pem")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert Endpoints().session().verify is True
    assert not mine.trust_env


def test_the_address_for_the_consent_of_the_tenant() -> None:
    url = admin_consent_url("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222")
    assert url.startswith("https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/adminconsent?client_id=22222222-")


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    World(page(MESSAGE)).read()
    assert ANN not in caplog.text
