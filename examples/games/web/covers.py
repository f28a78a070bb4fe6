"""A cover for every game: an SVG image that is determined by the title and the types of the game."""

import hashlib
import math
from collections.abc import Callable
from html import escape
from random import Random
from typing import Any

WIDTH, HEIGHT = 300, 400
PALETTES = (  # background, shapes, highlights, text
    ("#23324a", "#3f5e8c", "#f2c572", "#fdf6e8"),
    ("#4a1f2b", "#8c3b4a", "#f0b67f", "#fff3ea"),
    ("#1f4037", "#3d7a63", "#f4d58d", "#f6fbf4"),
    ("#3b2a52", "#6d4f94", "#f7b2ad", "#fbf4ff"),
    ("#4d3212", "#96682c", "#ffe0a3", "#fff8ea"),
    ("#16404d", "#2f7f91", "#ffcf8a", "#effafc"),
    ("#39240f", "#7d3f1d", "#f6a04d", "#fff2e2"),
    ("#2c2c34", "#5a5a6e", "#d9e76c", "#f7f7f2"),
)


def cover(title: str, console: str, types: list[str] | tuple[str, ...]) -> str:
    """Return the cover of a game as SVG, without styles or scripts."""
    rng = Random(hashlib.sha256(title.encode()).digest())
    ground, shape, light, ink = rng.choice(PALETTES)
    drawn = MOTIFS.get(types[0] if types else "", rays)(rng, shape, light)
    lines = wrapped(title)
    size = min(34, int(430 / max(map(len, lines))))
    top = 300 - size * 1.12 * (len(lines) - 1)
    text = "".join(
        f'<text x="150" y="{top + i * size * 1.12 + 44:.0f}" font-size="{size}" text-anchor="middle">'
        f"{escape(line)}</text>"
        for i, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}"><rect width="300" height="400" fill="{ground}"/>{drawn}'
        f'<rect y="{top - 6:.0f}" width="300" height="{400 - top:.0f}" fill="{ground}" fill-opacity="0.86"/>'
        f'<rect y="{top - 6:.0f}" width="300" height="3" fill="{light}"/>'
        f'<g font-family="Georgia, serif" font-weight="700" fill="{ink}">{text}</g>'
        f'<rect width="300" height="30" fill="{light}"/><text x="14" y="21" font-size="15" fill="{ground}" '
        f'font-family="Georgia, serif" font-weight="700">{escape(console)}</text>'
        f'<rect x="3" y="3" width="294" height="394" fill="none" stroke="{ink}" stroke-opacity="0.35" '
        'stroke-width="2"/></svg>'
    )


def wrapped(title: str, width: int = 17, most: int = 4) -> list[str]:
    """Break a title into lines. If there are too many lines, the last one is shortened."""
    lines = [""]
    for word in title.split():
        word = word if len(word) <= 22 else word[:21] + "…"
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1] + " …"]


def polygon(points: list[tuple[float, float]], fill: str, opacity: float = 1) -> str:
    """Return a filled shape."""
    joined = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    return f'<polygon points="{joined}" fill="{fill}" fill-opacity="{opacity}"/>'


def disc(x: float, y: float, r: float, fill: str, opacity: float = 1) -> str:
    """Return a filled circle."""
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{r:.0f}" fill="{fill}" fill-opacity="{opacity}"/>'


def box(x: float, y: float, w: float, h: float, fill: str, opacity: float = 1) -> str:
    """Return a filled rectangle."""
    size = f'width="{w:.0f}" height="{h:.0f}"'
    return f'<rect x="{x:.0f}" y="{y:.0f}" {size} fill="{fill}" fill-opacity="{opacity}"/>'


def rays(rng: Random, shape: str, light: str) -> str:
    """Draw sun rays."""
    n, x, y = rng.randint(9, 15), rng.randint(90, 210), rng.randint(120, 190)
    drawn = []
    for i in range(n):
        one, other = (2 * math.pi * (i + d) / n for d in (0, 0.5))
        ends = [(x + 380 * math.cos(a), y + 380 * math.sin(a)) for a in (one, other)]
        drawn.append(polygon([(x, y), *ends], shape, 0.8))
    return "".join(drawn) + disc(x, y, rng.randint(28, 48), light)


def hills(rng: Random, shape: str, light: str) -> str:
    """Draw hills under a sun."""
    drawn = disc(rng.randint(70, 230), rng.randint(90, 140), rng.randint(28, 42), light)
    for depth in range(3):
        base = 190 + 40 * depth
        tops = [(60 * i - 30, base + rng.randint(-45, 25)) for i in range(8)]
        drawn += polygon([(-30, 400), *tops, (400, 400)], shape, 0.45 + 0.25 * depth)
    return drawn


def steps(rng: Random, shape: str, light: str) -> str:
    """Draw platforms and coins."""
    drawn = ""
    for i in range(6):
        x, y = rng.randint(-20, 220), 80 + 38 * i
        w = rng.randint(60, 130)
        drawn += box(x, y, w, 14, shape) + disc(x + w / 2, y - 16, 8, light)
    return drawn


def shield(rng: Random, shape: str, light: str) -> str:
    """Draw a shield with an emblem."""
    outline = [(70, 70), (230, 70), (230, 170), (150, 270), (70, 170)]
    sides = rng.randint(3, 6)
    device = [
        (150 + 48 * math.sin(2 * math.pi * i / sides), 145 - 48 * math.cos(2 * math.pi * i / sides))
        for i in range(sides)
    ]
    return polygon(outline, shape) + polygon(device, light)


def tiles(rng: Random, shape: str, light: str) -> str:
    """Draw a game board."""
    drawn = ""
    for i in range(6):
        for j in range(6):
            if rng.random() < 0.62:
                drawn += box(24 + 43 * i, 46 + 43 * j, 38, 38, light if rng.random() < 0.28 else shape)
    return drawn


def road(rng: Random, shape: str, light: str) -> str:
    """Draw a road to the horizon."""
    x, y = rng.randint(90, 210), rng.randint(110, 150)
    drawn = disc(x, y, rng.randint(46, 66), light) + box(0, y + 6, 300, 300, shape, 0.55)
    drawn += polygon([(x - 6, y + 6), (x + 6, y + 6), (330, 400), (-30, 400)], shape)
    for i in range(4):
        near, half = y + 20 + 52 * i, 2 + 3 * i
        drawn += polygon(
            [(x - half, near), (x + half, near), (x + half + 3, near + 30), (x - half - 3, near + 30)], light
        )
    return drawn


def eyes(rng: Random, shape: str, light: str) -> str:
    """Draw eyes in the dark."""
    drawn = disc(150, 160, 118, shape, 0.35) + disc(150, 160, 82, shape, 0.5)
    for _ in range(rng.randint(3, 6)):
        x, y, r = rng.randint(40, 250), rng.randint(70, 260), rng.randint(7, 15)
        drawn += disc(x, y, r, light) + disc(x + 2.6 * r, y, r, light)
        drawn += disc(x + 2, y, r * 0.4, "#000") + disc(x + 2.6 * r + 2, y, r * 0.4, "#000")
    return drawn


def waves(rng: Random, shape: str, light: str) -> str:
    """Draw the bars of a sound wave."""
    drawn = ""
    for i in range(11):
        high = rng.randint(25, 190)
        drawn += box(22 + 24 * i, 180 - high / 2, 15, high, light if i % 4 == 1 else shape)
    return drawn


def skyline(rng: Random, shape: str, light: str) -> str:
    """Draw towers with lit windows."""
    drawn = ""
    for i in range(7):
        x, high = 4 + 43 * i, rng.randint(80, 250)
        drawn += box(x, 330 - high, 36, high, shape, 0.9)
        for j in range(high // 30):
            if rng.random() < 0.6:
                drawn += box(x + 8 + 12 * rng.randint(0, 1), 340 - high + 28 * j, 8, 12, light)
    return drawn


def rings(rng: Random, shape: str, light: str) -> str:
    """Draw a target."""
    x, y = rng.randint(110, 190), rng.randint(140, 180)
    drawn = "".join(
        disc(x, y, r, shape if i % 2 else light, 0.85) for i, r in enumerate((120, 96, 72, 48, 24))
    )
    return drawn + box(x - 1.5, 30, 3, 300, shape) + box(0, y - 1.5, 300, 3, shape)


MOTIFS: dict[str, Callable[[Random, str, str], Any]] = {
    "Action": rays,
    "Fighting": rays,
    "Adventure": hills,
    "Metroidvania": hills,
    "Platform": steps,
    "RPG": shield,
    "Strategy": shield,
    "Puzzle": tiles,
    "Roguelike": tiles,
    "Racing": road,
    "Horror": eyes,
    "Stealth": eyes,
    "Music": waves,
    "Party": waves,
    "Simulation": skyline,
    "Sandbox": skyline,
    "Shooter": rings,
    "Sports": rings,
}
