"""The pizzeria's model follows the evenings."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from examples.pizza.web.site import create_app
from examples.pizza.web.tables import Evening, Facts, Order, Reservation
from examples.web.database import bump
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    HOME,
    is_up_to_date,
    logged_in,
    text_of,
)
from tests.examples.web.pizzeria.reading import CLOCK, TODAY, find, save


def test_a_past_evening_that_changes_is_learned_in_the_background(app, admin):
    wait_for(lambda: is_up_to_date(app))
    trainings, day = app.state.live.trainings, TODAY - timedelta(5)
    before = app.state.live.answers
    for _ in range(4):
        save(admin, "/admin/orders/new", name="a banquet", day=str(day), pizzas="300", sure="on")
    wait_for(lambda: is_up_to_date(app))
    after = app.state.live.answers
    assert 1 <= app.state.live.trainings - trainings <= 4
    assert after is not before
    evening = [Facts(TODAY, 30)]
    assert after.forecast(evening, 0.95) != before.forecast(evening, 0.95)
    for _ in range(4):
        save(admin, f"/admin/orders/{find(app, Order).id}/delete")
    wait_for(lambda: is_up_to_date(app))
    assert app.state.live.answers.forecast(evening, 0.95) == before.forecast(evening, 0.95)


def test_tonight_is_not_learned_before_it_is_over(app, admin):
    save(admin, "/admin/orders/new", name="table 1", day=str(TODAY), pizzas="3")
    wait_for(lambda: is_up_to_date(app))
    assert TODAY not in app.state.live.answers.unseen
    assert max(app.state.live.answers.unseen) == TODAY - timedelta(1)
    assert "No evening" in text_of(admin.get(f"/analytics?from={TODAY}&to={TODAY}"))
    save(admin, f"/admin/orders/{find(app, Order).id}/delete")


def test_a_failed_training_keeps_the_last_good_model_and_says_so(app, admin):
    wait_for(lambda: is_up_to_date(app))
    good = app.state.live.answers
    with app.state.database.reading() as session:
        orders, evenings = session.scalars(select(Order)).all(), session.scalars(select(Evening)).all()
        kept = [(row.day, row.name, row.pizzas) for row in orders]
        doughs = {row.id: row.more_doughs for row in evenings}
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(Order))
        for row in session.scalars(select(Evening)):
            row.more_doughs = 0
    wait_for(lambda: app.state.live.health()["status"] == "degraded")
    assert "0 past evenings have doughs; at least 2 are needed" in text_of(admin.get("/admin"))
    assert "at least 2 are needed" in admin.get("/health").json()["reason"]
    assert admin.get("/").status_code == 200
    assert admin.get("/analytics").status_code == 200
    assert app.state.live.answers is good
    with app.state.database.writing() as session:
        bump(session, structural=True)
        for row in session.scalars(select(Evening)):
            row.more_doughs = doughs[row.id]
        session.add_all(Order(day=day, name=name, pizzas=pizzas) for day, name, pizzas in kept)
    wait_for(lambda: is_up_to_date(app))
    assert "up to date" in text_of(admin.get("/admin"))


def test_a_start_without_any_past_evening_serves_the_saved_model_and_says_so(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        before = {path: text_of(browser.get(path)) for path in ("/?service=0.9", "/?date=2027-02-01")}
        unseen = app.state.live.answers.unseen
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(Order))
        session.execute(delete(Reservation).where(Reservation.day < TODAY))
        session.execute(delete(Evening).where(Evening.day < TODAY))
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        assert {path: text_of(browser.get(path)) for path in before} == before
        assert app.state.live.answers.unseen == unseen
        health = browser.get("/health").json()
        assert health["status"] == "degraded"
        assert "0 past evenings have doughs; at least 2 are needed" in health["reason"]
        assert "No evening from" in text_of(browser.get("/analytics"))
        told = "The last good one is served meanwhile."
        assert told in text_of(logged_in(app).get("/admin"))
