"""The tavern's web site, put together."""

from pathlib import Path

from examples.games.web import api, pages
from examples.games.web.admin import CONSOLES, GAMES, RENTALS, overview_router
from examples.games.web.model import LEARNER
from examples.games.web.seed import seed
from examples.games.words import BUDGET_IN_WORDS
from examples.web.app import WebApp, build_app
from examples.web.site import Site

SITE = Site(
    name="tavern",
    title="The Tally Tavern",
    folder=Path(__file__).parent,
    seed=seed,
    learner=LEARNER,
    routers=[
        api.router,  # first, since it is asked most
        pages.router,
        overview_router,
        *(desk.router() for desk in (GAMES, CONSOLES, RENTALS)),
    ],
    links=[("/", "Ask the keeper"), ("/games", "The shelves"), ("/rentals", "Your games")],
    template_globals={"words_of_budget": BUDGET_IN_WORDS, "zip": zip},
)


def create_app() -> WebApp:
    """Return the application, set up by the environment; what ``serve`` calls in every worker."""
    return build_app(SITE)
