"""The definition of a site for the shared code."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from examples.web.demonstration import Demonstration
from examples.web.folder import data_folder
from examples.web.live import Learner


@dataclass(frozen=True)
class Site:
    """The definition of a site.

    Parameters
    ----------
    name : str
        The name in lower case, used for the files in the data folder and, in upper case, for the environment
        variables (TAVERN_DATA, TAVERN_ADMIN_PASSWORD, TAVERN_HOSTS).
    title : str
        The title shown on the pages.
    folder : Path
        The folder with templates/, static/ (whose NAME.css is used by every page) and migrations/.
    seed : callable(session) -> None
        Fills new tables with the demonstration data at the first start, unless NAME_EMPTY is "yes".
    learner : Learner
    routers : list of APIRouter
        The routes. Pages under /admin require a login. Responses under /api are JSON, and forms need no
        token.
    links : list of (href, words)
        The navigation links of every page.
    desk_links : list of (href, words)
        The navigation links of the admin pages.
    demonstration : Demonstration, default=None
        How the demonstration data is marked and removed.
    template_globals : dict
        Global variables of the site's templates.
    """

    name: str
    title: str
    folder: Path
    seed: Callable[[Session], None]
    learner: Learner
    routers: list[APIRouter]
    links: list[tuple[str, str]] = field(default_factory=list)
    desk_links: list[tuple[str, str]] = field(default_factory=list)
    template_globals: dict[str, Any] = field(default_factory=dict)
    demonstration: Demonstration | None = None

    def variable(self, name: str) -> str:
        """Return the name of an environment variable, such as TAVERN_DATA."""
        return f"{self.name.upper()}_{name}"

    def setting(self, name: str, default: str = "") -> str:
        """Return the value of an environment variable."""
        return os.environ.get(self.variable(name), default)

    def data_folder(self) -> Path:
        """Return the folder of the database file, the saved model and the secret."""
        return data_folder(self.name)
