"""The definition of the tavern's web site."""

from pathlib import Path

from examples.games.web import api, counter, pages, photos
from examples.games.web.admin import CONSOLES, GAMES, RENTALS
from examples.games.web.demonstration import DEMONSTRATION
from examples.games.web.model import LEARNER
from examples.games.web.seed import seed
from examples.games.words import BUDGET_IN_WORDS
from examples.web import removal
from examples.web.app import WebApp, build_app
from examples.web.desk import overview_router
from examples.web.site import Site

DESKS = (GAMES, CONSOLES, RENTALS)
LEARNING = (
    "After a change, the model is retrained in the background. It learns few of the visitors’ rentals before "
    "you have confirmed them."
)
SITE = Site(
    name="tavern",
    title="The Tally Tavern",
    folder=Path(__file__).parent,
    seed=seed,
    learner=LEARNER,
    routers=[
        api.router,  # first, because it receives the most requests
        pages.router,
        photos.pictures,
        photos.router,
        overview_router(DESKS, LEARNING),
        counter.router,
        removal.router,
        *(desk.router() for desk in DESKS),
    ],
    links=[("/", "Ask the keeper"), ("/games", "The shelves"), ("/rentals", "Your games")],
    desk_links=[*(desk.link for desk in DESKS), counter.LINK],
    demonstration=DEMONSTRATION,
    template_globals={"words_of_budget": BUDGET_IN_WORDS, "zip": zip},
)


def create_app() -> WebApp:
    """Return the application, configured by environment variables. ``serve`` calls this in every worker."""
    return build_app(SITE)
