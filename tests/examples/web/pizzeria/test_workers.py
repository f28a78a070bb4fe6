"""The pizzeria with two workers: see tests/examples/web/faults.py."""

import uuid
from datetime import timedelta

from sqlalchemy import select

from examples.pizza.clock import Clock, read_zone
from examples.pizza.web.tables import Order
from tests.examples.web.faults import Faults, Writer


class PizzeriaWriter(Writer):
    """Writes orders down and edits the first, all of them of yesterday, from which the model learns."""

    package, name = "examples.pizza", "pizzeria"
    pause = 0.5  # each row starts a training
    reads = (
        "/api/forecast?reservations=20&service_level=0.9",
        "/",
        "/analytics",
        "/charts/coming.svg",
        "/api/evenings",
    )
    rows = select(Order.name, Order.pizzas)
    changed = select(Order.name).where(Order.id == 1)

    def assert_workers_agree(self, site):
        """Ask often enough that both workers answer."""
        asked = "/api/forecast?reservations=20&service_level=0.9"
        assert len({site.get(asked)["doughs"] for _ in range(30)}) == 1

    def add(self):
        """Write an order down."""
        name, pizzas = f"order {uuid.uuid4()}", 1 + len(self.added) % 9
        self.send("/admin/orders/new", name=name, day=yesterday(), pizzas=pizzas)
        self.added[name] = pizzas

    def change(self, text):
        """Change the first order."""
        self.send("/admin/orders/1", name=text, day=yesterday(), pizzas=5)


def yesterday():
    """Return the restaurant's."""
    return str(Clock(read_zone()).today() - timedelta(1))


class TestPizzeria(Faults):
    writer_type = PizzeriaWriter
