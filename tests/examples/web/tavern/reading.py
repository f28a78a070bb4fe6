"""What tests read of the tavern's pages."""

import html
import re
import time

from sqlalchemy import select

from examples.games.web.tables import Game, Rental
from examples.web.database import bump
from tests.examples.sites import wait_for
from tests.examples.web.pages import is_up_to_date


def title_of(page):
    return html.unescape(re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", page.text, re.DOTALL)[1]))


def next_of(browser, page):
    """Follow the link to a different game."""
    return browser.get(html.unescape(re.search(r'href="(/suggest\?[^"]*n=\d[^"]*)"', page.text)[1]))


def shelf_of(page):
    """Return the titles on a page's shelf."""
    return [html.unescape(title) for title in re.findall("<strong>([^<]+)</strong></a>", page.text)]


def rent_at_the_counter(app, title, n, budget, types):
    """Add confirmed rentals of a game, and wait until the model has learned them."""
    with app.state.database.writing() as session:
        version = bump(session, structural=False)
        game = session.scalar(select(Game).where(Game.title == title))
        for _ in range(n):
            rental = Rental(game=game, budget=budget, at=int(time.time()), version=version)
            rental.types = types
            session.add(rental)
    wait_for(lambda: is_up_to_date(app))
