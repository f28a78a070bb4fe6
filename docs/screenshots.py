"""Take the pictures of the web sites that README shows: ``python -m docs.screenshots``.

Needs the extra `webtest`, and chromium (CHROMIUM names it where it is not called so).
"""

import os
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks._load import serving

HERE = Path(__file__).parent
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
MOST_BYTES = 150_000
PICTURES = {  # by site: package, and each picture's page, window and colours
    "tavern": (
        "examples.games",
        {
            "tavern-phone": (
                "/suggest?budget=cheap&type=Adventure&type=Platform",
                PHONE,
                "light",
            ),
            "tavern-desktop": (
                "/suggest?budget=cheap&type=Adventure&type=Platform",
                DESKTOP,
                "dark",
            ),
            "tavern-front": (
                "/?budget=standard&type=Puzzle&type=Strategy",
                DESKTOP,
                "light",
            ),
        },
    ),
    "pizzeria": (
        "examples.pizza",
        {
            "pizzeria-phone": ("/?service=0.9", PHONE, "dark"),
            "pizzeria": ("/?service=0.9", DESKTOP, "light"),
        },
    ),
}


def main() -> None:
    """Take all pictures."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        for package, pictures in PICTURES.values():
            command = [
                sys.executable,
                "-m",
                package,
                "serve",
                "--port",
                "{port}",
                "--data",
            ]
            with (
                tempfile.TemporaryDirectory() as data,
                serving([*command, data], "/health", DATABASE_URL="") as server,
            ):
                for name, (path, window, scheme) in pictures.items():
                    take(
                        browser,
                        server.address + path,
                        window,
                        scheme,
                        HERE / f"{name}.png",
                    )


def take(
    browser: Any, address: str, window: dict[str, int], scheme: str, file: Path
) -> None:
    """Write what a window shows of a page, in at most 256 colours."""
    from PIL import Image

    page = browser.new_page(viewport=window, color_scheme=scheme)
    page.goto(address, wait_until="networkidle")
    picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    page.close()
    picture.quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(
            f"{file} has {file.stat().st_size} bytes, more than {MOST_BYTES}"
        )
    print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
