"""Time this library and a peer in turn, measure memory, and return the result as a row of the table."""

import ctypes
import gc
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

TURN = 0.02  # minimum seconds per timing
STATUS = Path("/proc/self/status")


@dataclass
class Row:
    """One benchmark. `aim` is the target, and `ratio` is the peer's time divided by ours for each pair."""

    claim: str
    peer: str
    aim: str
    ratio: float | None
    ours_ms: float
    peer_ms: float | None
    ours_mb: float | None
    peer_mb: float | None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    claim: str,
    ours: Callable[[], Any],
    peer: Callable[[], Any] | None,
    *,
    peer_name: str = "none",
    aim: str = "",
    repeats: int = 15,
    agree: Callable[[Any, Any], None] | None = None,
    note: str = "",
) -> Row:
    """Run both in turn, `repeats` times after one warm-up, and check once that their results agree."""
    answers = ours(), peer() if peer else None
    if agree:
        agree(*answers)
    del answers
    pairs = [(seconds(ours), seconds(peer) if peer else None) for _ in range(repeats)]
    return Row(
        claim=claim,
        peer=peer_name,
        aim=aim,
        ratio=median(theirs / mine for mine, theirs in pairs) if peer else None,
        ours_ms=1e3 * median(mine for mine, _ in pairs),
        peer_ms=1e3 * median(theirs for _, theirs in pairs) if peer else None,
        ours_mb=peak_mb(ours),
        peer_mb=peak_mb(peer) if peer else None,
        note=note,
    )


def seconds(function: Callable[[], Any]) -> float:
    """Return the mean duration of a call, over one or more calls that take `TURN` seconds in total.

    In a service, the model stays in the cache. After a peer has read 200 MB, a single short call would have
    to load the model again.
    """
    calls, start = 0, perf_counter()
    while not calls or perf_counter() - start < TURN:
        answer = function()
        calls += 1
    elapsed = perf_counter() - start
    del answer  # freeing a large result is not part of the measured time
    return elapsed / calls


def peak_mb(function: Callable[[], Any]) -> float | None:
    """Return the peak increase of resident memory in a call, in MB, or None if Linux does not report it."""
    try:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak
        before = _status("VmRSS")
    except (OSError, AttributeError):
        return None
    function()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    match = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    assert match, field
    return int(match[1])
