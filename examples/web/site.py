"""What a site tells the shared parts about itself."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session

from examples.web.live import Learner

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Site:
    """A site.

    Parameters
    ----------
    name : str
        In small letters: names the files in the data folder, and in capitals the environment's variables
        (TAVERN_DATA, TAVERN_ADMIN_PASSWORD, TAVERN_HOSTS).
    title : str
        As on its pages.
    folder : Path
        With templates/, static/ (a NAME.css is linked by every page) and migrations/.
    seed : callable(session) -> None
        Fills new tables at the first start.
    learner : Learner
    routers : list of APIRouter
        Under /admin every page needs a login; under /api answers are JSON and no form's token is asked for.
    links : list of (href, words)
        The navigation of every page.
    desk_links : list of (href, words)
        Likewise of the pages behind the counter.
    template_globals : dict
        Names that every template of the site knows.
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

    def variable(self, name: str) -> str:
        """Return the name of a variable of the environment, as TAVERN_DATA."""
        return f"{self.name.upper()}_{name}"

    def setting(self, name: str, default: str = "") -> str:
        """Return what the environment says."""
        return os.environ.get(self.variable(name), default)

    def data_folder(self) -> Path:
        """Return the folder of the database file, the saved model and the secret."""
        return Path(self.setting("DATA") or ROOT / "var" / self.name)
