"""The web application: which address shows what. SQL is in search.py and card.py, HTML in templates/."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cdp_assets.errors import UserError
from cdp_assets.web import words
from cdp_assets.web.business import FIRST_ACTIVITIES, MOST_ACTIVITIES, read_account, read_accounts, read_business
from cdp_assets.web.card import Card, read_card
from cdp_assets.web.picture import Picture
from cdp_assets.web.predictions import read_predictions
from cdp_assets.web.search import LONGEST, SHORTEST, SHOWN, search, too_short
from cdp_assets.web.shield import WITH_PICTURES, Shield
from cdp_assets.web.snapshot import CHECK_SECONDS, NoSnapshotError, Snapshot, Snapshots

Authorise = Callable[[], None]
"""Raises UserError when the acting user may not see the pages."""


def create_app(
    published: Path,
    authorise: Authorise,
    *,
    check_seconds: float = CHECK_SECONDS,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    notice: str | None = None,
) -> Starlette:
    """Make the application over the folder of publications (`<project>/.cdp/published`).

    `authorise` is asked before every page. A new publication is shown without a restart. `notice` stands at the top of every page.
    """
    pages = _Pages(published, authorise, check_seconds, today, notice)
    return Starlette(
        routes=[
            Route("/", pages.home, name="home"),
            Route("/customers/{customer_id}", pages.customer, name="customer"),
            Route("/accounts", pages.accounts, name="accounts"),
            Route("/accounts/{account_id}", pages.account, name="account"),
            Route("/value", pages.value, name="value"),
            Route("/healthz", pages.health, name="health"),
            Mount("/static", StaticFiles(packages=[("cdp_assets.web", "static")]), name="static"),
        ],
        middleware=[Middleware(Shield, error_page=pages.error)],
        exception_handlers={HTTPException: pages.http_error, NoSnapshotError: pages.nothing_published, UserError: pages.refused},
    )


def templates() -> Environment:
    """Open the templates: every value is escaped, and a name that is not there is an error."""
    environment = Environment(loader=PackageLoader("cdp_assets.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(day=words.day, moment=words.moment, shown=words.shown, initials=words.initials)
    environment.filters.update(money=words.money, percent=words.percent, words=words.words)
    environment.globals["count"] = words.count
    return environment


class _Pages:
    """The pages, with what they share."""

    def __init__(self, published: Path, authorise: Authorise, check_seconds: float, today: Callable[[], date], notice: str | None) -> None:
        self.authorise, self.today, self.notice = authorise, today, notice
        self.snapshots = Snapshots(published, check_seconds=check_seconds)
        self.templates = templates()

    def render(self, template: str, snapshot: Snapshot | None = None, status: int = 200, **values: Any) -> HTMLResponse:
        frame = {
            "as_of": snapshot.as_of if snapshot else None,
            "age": words.age(snapshot.as_of, self.today()) if snapshot else "",
            "outdated": snapshot.outdated if snapshot else False,
            "notice": self.notice,
        }
        return HTMLResponse(self.templates.get_template(template).render(**frame, **values), status)

    def home(self, request: Request) -> Response:
        """Search: one box, and the customers that are found."""
        self.authorise()
        text = request.query_params.get("q", "").strip()[:LONGEST]
        with self.snapshots.reading() as snapshot:
            facts = snapshot.connection.execute("select customers, known, visitors from facts").fetchall()[0]
            short = bool(text) and too_short(text)
            found = search(snapshot.connection, text) if text and not short else None
            return self.render(
                "search.html",
                snapshot,
                text=text,
                found=found,
                short=short,
                shortest=SHORTEST,
                longest=LONGEST,
                most=SHOWN,
                customers=facts[0],
                known=facts[1],
                visitors=facts[2],
            )

    def customer(self, request: Request) -> Response:
        """Show a customer's card, or what became of an old id."""
        self.authorise()
        customer_id = request.path_params["customer_id"].lower()
        with self.snapshots.reading() as snapshot:
            card = read_card(snapshot.connection, customer_id)
            if card is None:
                return self.render("message.html", snapshot, 404, **NO_CUSTOMER)
            if isinstance(card, Card):
                business = read_business(snapshot.connection, card.customer_id, _shown(request))
                page = self.render("card.html", snapshot, card=card, business=business, most_activities=MOST_ACTIVITIES)
                return _with_picture(page, card.picture)
            return self.render("old_id.html", snapshot, 200 if card.surviving_id else 410, old=card)

    def accounts(self, request: Request) -> Response:  # noqa: ARG002 - every endpoint is given the request
        """List the accounts, the most engaged first."""
        self.authorise()
        with self.snapshots.reading() as snapshot:
            accounts, in_all = read_accounts(snapshot.connection)
            return self.render("accounts.html", snapshot, accounts=accounts, in_all=in_all)

    def account(self, request: Request) -> Response:
        """Show an account: engagement, e-mails and meetings by month, contacts."""
        self.authorise()
        with self.snapshots.reading() as snapshot:
            account = read_account(snapshot.connection, request.path_params["account_id"].lower())
            if account is None:
                return self.render("message.html", snapshot, 404, **NO_ACCOUNT)
            return _with_picture(self.render("account.html", snapshot, account=account, card=None), account.facts.picture)

    def value(self, request: Request) -> Response:  # noqa: ARG002 - every endpoint is given the request
        """Lifetime value: how good each prediction is, value by percentile, what it depends on."""
        self.authorise()
        with self.snapshots.reading() as snapshot:
            return self.render("value.html", snapshot, predictions=read_predictions(snapshot.connection))

    def health(self, request: Request) -> Response:  # noqa: ARG002 - every endpoint is given the request
        """Say whether pages can be shown, and as of when; no value of any customer."""
        try:
            with self.snapshots.reading() as snapshot:
                rows = snapshot.connection.execute("select customers from facts").fetchall()
                state = {"status": "ok", "as_of": str(snapshot.as_of), "customers": rows[0][0], "outdated": snapshot.outdated}
                return JSONResponse(state)
        except NoSnapshotError:
            return JSONResponse({"status": "nothing published"}, 503)

    def http_error(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        assert isinstance(error, HTTPException)
        page = NOT_FOUND if error.status_code == 404 else {"title": error.detail, "text": "This page cannot be asked for like that."}
        response = self.render("message.html", None, error.status_code, **page)
        response.headers.update(error.headers or {})
        return response

    def nothing_published(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        assert isinstance(error, NoSnapshotError)
        return self.render("message.html", None, 503, title="No data published yet", text=error.message)

    def refused(self, request: Request, error: Exception) -> Response:  # noqa: ARG002
        assert isinstance(error, UserError)
        return self.render("message.html", None, 403, title="Not allowed", text=error.message)

    def error(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        return self.render("message.html", None, 500, title="Something went wrong", text=(
            f"The page could not be made. Tell whoever runs this platform the reference {reference}: the log of the pages has "
            "the place of the error under it."
        ))  # fmt: skip


def _with_picture(page: Response, picture: Picture | None) -> Response:
    """The page, which may ask for a picture from elsewhere if it has one."""
    page.headers.update(WITH_PICTURES if picture else {})
    return page


def _shown(request: Request) -> int:
    """How many activities the card shows."""
    text = request.query_params.get("activities", "")
    return max(int(text), FIRST_ACTIVITIES) if text.isascii() and text.isdecimal() and len(text) < 6 else FIRST_ACTIVITIES


NO_CUSTOMER = {
    "title": "No customer with this id",
    "text": "Check the id, or search for a name, e-mail address or telephone number. People added after the last update are not here yet.",
}
NO_ACCOUNT = {
    "title": "No account with this id",
    "text": "Check the id, or look for the account in the list of accounts. Accounts added after the last update are not here yet.",
}
NOT_FOUND = {"title": "Page not found", "text": "There is nothing at this address."}
