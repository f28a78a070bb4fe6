"""How many guests still book: the pace at which like evenings filled up.

Reservations for an evening come in until it begins. An evening is therefore expected to gain as many guests
as like evenings gained after the same moment. Hotels call this the additive pickup method: Weatherford and
Kimes (2003). A comparison of forecasting methods for hotel revenue management. International Journal of
Forecasting 19(3).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

import numpy as np

from examples.pizza.web.tables import Facts

LIKE = 8  # evenings that an evening is compared with
FEWEST_TIMED = 3  # of these, with reservations whose times are known
BEGINS = time(18)  # when the evening begins


class Booking(NamedTuple):
    """A reservation for a past evening: when it was made, in seconds since 1970, and its guests."""

    day: date
    booked_at: int
    party: int


class Pickup(NamedTuple):
    """The guests that like evenings gained after the same moment. It is empty if nothing more is expected."""

    gains: tuple[float, ...] = ()

    @property
    def expected(self) -> int:
        """Return the mean."""
        return round(float(np.mean(self.gains))) if self.gains else 0

    def at(self, share: float) -> float:
        """Return the number that was not exceeded on this share of the evenings."""
        return float(np.quantile(self.gains, share)) if self.gains else 0.0


class Pace:
    """The pace at which past evenings filled up.

    Parameters
    ----------
    evenings : sequence of (Facts, int)
        The past evenings, in order, and their guests.
    bookings : iterable of Booking
        Their reservations whose times are known.
    zone : tzinfo
        The restaurant's time zone.
    """

    def __init__(
        self, evenings: Sequence[tuple[Facts, int]], bookings: Iterable[Booking], zone: tzinfo
    ) -> None:
        self._evenings, self._zone = list(evenings), zone
        self._leads: dict[date, list[tuple[float, int]]] = {}
        for day, booked_at, party in bookings:
            self._leads.setdefault(day, []).append((self._end_of(day) - booked_at, party))

    def pickup(self, evening: Facts, guests: int, now: datetime) -> Pickup:
        """Return how many guests an evening with this number of guests still gains.

        If too few times are known, an evening to come is expected to have as many guests as like evenings
        had. So is tonight until the evening begins, and after that as long as there is no reservation.
        """
        like = self._like(evening)
        lead = self._end_of(evening.day) - now.timestamp()
        timed = [self._gained_after(one.day, n, lead) for one, n in like if one.day in self._leads]
        if len(timed) >= FEWEST_TIMED:
            return Pickup(tuple(timed))
        has_begun = now >= datetime.combine(evening.day, BEGINS, self._zone)
        if not like or (has_begun and guests):
            return Pickup()
        return Pickup(tuple(max(0.0, n - guests) for _, n in like))

    def _like(self, evening: Facts) -> list[tuple[Facts, int]]:
        """Return the latest evenings of the same weekday or, for a holiday, the latest holidays.

        If there is none, return the latest evenings.
        """
        if evening.holiday and (found := [one for one in self._evenings if one[0].holiday]):
            return found[-LIKE:]
        weekday = evening.day.weekday()
        same = [one for one in self._evenings if one[0].day.weekday() == weekday]
        return (same or self._evenings)[-LIKE:]

    def _gained_after(self, day: date, guests: int, lead: float) -> float:
        """Return the guests who booked later than this many seconds before the end of a past evening."""
        known = self._leads[day]
        later = sum(party for its_lead, party in known if its_lead < lead)
        return guests * later / sum(party for _, party in known)

    def _end_of(self, day: date) -> float:
        return datetime.combine(day + timedelta(1), time(), self._zone).timestamp()
