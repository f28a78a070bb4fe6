"""Sentences that state how much each feature adds to a forecast."""

from collections.abc import Sequence

from pipelines._forecasting.evenings import CATEGORIES, FLAGS, Cell

UNITS = {"reservations": "reservation", "tourists": "tourist", "temperature": "degree"}


def comparisons(name: str, base: Cell, seen: Sequence[Cell]) -> list[tuple[str, str, Cell]]:
    """Return (subject, reference, value to compare) for a feature; an empty reference means any evening."""
    if name in FLAGS:
        return [(f"{'an' if name == 'event' else 'a'} {name}", "", True)] if True in seen else []
    if name in CATEGORIES:
        article = "a " if name == "weekday" else ""
        return [(f"{article}{value}", f"{article}{base}", value) for value in seen if value != base]
    return [(unit(name), "", base + 1)]


def unit(name: str, plural: bool = False) -> str:
    """Return the unit of a numeric column, such as "reservation", "reservations" or "unit of 'rain'"."""
    one = UNITS.get(name, "unit")
    return one + "s" * plural + ("" if name in UNITS else f" of {name!r}")


def adds(subject: str, reference: str, doughs: float) -> str:
    """Return a sentence that states how many doughs the subject adds or takes away."""
    if abs(doughs) < 1e-9:
        return f"{subject} makes no difference" + (f" to {reference}" if reference else "")
    amount = f"{abs(doughs):{'.1f' if abs(doughs) >= 0.1 else '.1g'}} doughs"
    if doughs < 0:
        return f"{subject} takes {amount} " + (f"off {reference}" if reference else "away")
    return f"{subject} adds {amount}" + (f" to {reference}" if reference else "")
