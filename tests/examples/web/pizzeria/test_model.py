"""The pizzeria's model follows the evenings."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import delete

from examples.pizza import model as recipe
from examples.pizza.web.site import create_app
from examples.pizza.web.tables import Evening, Facts, Order, Reservation
from examples.web.database import bump
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    HOME,
    is_up_to_date,
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


def test_a_failed_training_keeps_the_last_good_model_and_says_so(app, admin, monkeypatch):
    wait_for(lambda: is_up_to_date(app))
    good = app.state.live.answers
    with monkeypatch.context() as patch:
        patch.setattr(recipe, "train", lambda lesson: 1 / 0)
        save(admin, "/admin/orders/new", name="table 9", day=str(TODAY - timedelta(3)), pizzas="3")
        wait_for(lambda: app.state.live.health()["status"] == "degraded")
        assert "the last training failed: ZeroDivisionError" in text_of(admin.get("/admin"))
        assert "ZeroDivisionError" in admin.get("/health").json()["reason"]
        assert admin.get("/").status_code == 200
        assert admin.get("/analytics").status_code == 200
        assert app.state.live.answers is good
    save(admin, f"/admin/orders/{find(app, Order).id}/delete")
    wait_for(lambda: is_up_to_date(app))
    assert "up to date" in text_of(admin.get("/admin"))


def test_a_site_whose_past_evenings_are_all_deleted_waits_for_new_ones(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        assert "doughs" in text_of(browser.get("/?service=0.9"))
        with app.state.database.writing() as session:
            bump(session, structural=True)
            session.execute(delete(Order))
            session.execute(delete(Reservation).where(Reservation.day < TODAY))
            session.execute(delete(Evening).where(Evening.day < TODAY))
        wait_for(lambda: not app.state.live.answers.is_ready)
        assert browser.get("/health").json()["status"] == "ok"
        assert "starts after 2 more evenings" in text_of(browser.get("/"))
        assert "No evening from" in text_of(browser.get("/analytics"))
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        assert browser.get("/health").json()["status"] == "ok"
        assert "starts after 2 more evenings" in text_of(browser.get("/"))
