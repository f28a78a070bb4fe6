"""The definition of the pizzeria's web site."""

from functools import partial
from pathlib import Path

from examples.pizza.clock import Clock, read_zone
from examples.pizza.settings import read_private
from examples.pizza.web import api, closing, house_page, importing, pages, tokens
from examples.pizza.web.admin import desks
from examples.pizza.web.charts import SIZES
from examples.pizza.web.demonstration import DEMONSTRATION
from examples.pizza.web.model import counted, learner, signed
from examples.pizza.web.private import NEEDED
from examples.pizza.web.seed import seed
from examples.pizza.web.words import in_full, in_words
from examples.web import removal
from examples.web.app import WebApp, build_app
from examples.web.desk import overview_router
from examples.web.site import Site

FOLDER = Path(__file__).parent
LEARNING = (
    "After a change, the forecaster is retrained in the background, from all past evenings on which dough "
    "was used."
)


def make_site(clock: Clock) -> Site:
    """Return the site of a restaurant with the given clock."""
    all_desks = desks(clock)
    return Site(
        name="pizzeria",
        title="Pizzeria Tally",
        folder=FOLDER,
        seed=partial(seed, clock=clock),
        learner=learner(clock),
        routers=[
            pages.router,
            api.router,
            overview_router(all_desks, LEARNING),
            closing.router,
            house_page.router,
            importing.router,
            tokens.router,
            removal.router,
            *(desk.router() for desk in all_desks),
        ],
        links=[("/", "Tonight"), ("/analytics", "How it went"), ("/admin/reservations", "Reservations")],
        desk_links=[
            ("/admin/close", "Close the night"),
            *(desk.link for desk in all_desks),
            ("/admin/import", "Import"),
            ("/admin/settings", "Settings"),
            ("/admin/tokens", "API tokens"),
        ],
        demonstration=DEMONSTRATION,
        template_globals={
            "chart_sizes": SIZES,
            "signed": signed,
            "counted": counted,
            "in_words": in_words,
            "in_full": in_full,
        },
    )


def create_app(
    data: Path | None = None, database_url: str | None = None, clock: Clock | None = None
) -> WebApp:
    """Return the application, configured by environment variables. ``serve`` calls this in every worker.

    Parameters
    ----------
    data, database_url
        As in :func:`examples.web.app.build_app`.
    clock : Clock, default=None
        The clock. If None, the computer's clock in the time zone PIZZERIA_TIMEZONE.
    """
    if clock is None:
        clock = Clock(read_zone())
    app = build_app(make_site(clock), data, database_url)
    app.state.clock, app.state.private = clock, read_private(database_url)
    app.description = NEEDED if app.state.private else ""
    return app
