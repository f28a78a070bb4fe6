"""What tests read of the tavern's pages."""

import html
import re


def title_of(page):
    return html.unescape(re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", page.text, re.DOTALL)[1]))


def next_of(browser, page):
    """Follow the link to a different game."""
    return browser.get(html.unescape(re.search(r'href="(/suggest\?[^"]*n=\d[^"]*)"', page.text)[1]))


def shelf_of(page):
    """Return the titles on a page's shelf."""
    return [html.unescape(title) for title in re.findall("<strong>([^<]+)</strong></a>", page.text)]
