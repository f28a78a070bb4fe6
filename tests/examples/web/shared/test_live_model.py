"""The live model follows the database in every worker."""

import os

import pytest
from fastapi.testclient import TestClient
from sklearn.naive_bayes import MultinomialNB
from sqlalchemy import delete, func, select

from examples.web import live as live_module
from examples.web.app import build_app
from examples.web.database import Database, bump, head
from examples.web.live import Burst, Learner, LiveModel
from pipelines import save_model
from tests.examples.sites import wait_for
from tests.examples.web.shared.demo import add, compiled, counted, train, update, words


@pytest.fixture
def two(site, tmp_path):
    """Return two workers' models on one database, turned by hand or by their threads."""
    app = build_app(site, tmp_path, f"sqlite:///{tmp_path / 'live.sqlite'}")
    with TestClient(app):
        pass
    database = Database(f"sqlite:///{tmp_path / 'live.sqlite'}")
    workers = [LiveModel(site.learner, database, tmp_path / "demo-model.json", pause=0.5) for _ in range(2)]
    yield workers
    for worker in workers:
        worker.stop()
    database.close()


def write(worker, word, *, structural):
    with worker.database.writing() as session:
        add(session, word, structural=structural)


def test_a_saved_model_is_loaded_at_the_start_and_learns_what_came_since(two):
    write(two[0], "wine", structural=False)
    for worker in two:
        worker.start()
        assert worker.trainings == 0
        assert worker.answers == {"tea": 2, "wine": 2}
        told = {"status": "ok", "reason": "", "version": 2, "trained": 1, "trainings": 0}
        assert worker.health() == {**told, "worker": os.getpid()}


def test_rows_are_learned_online_by_every_worker_and_the_old_answers_stay_as_they_were(two):
    for worker in two:
        worker.start()
    before = two[1].answers
    write(two[0], "wine", structural=False)
    wait_for(lambda: all(worker.answers == {"tea": 2, "wine": 2} for worker in two))
    assert before == {"tea": 2, "wine": 1}
    assert [worker.trainings for worker in two] == [0, 0]


def test_a_burst_of_changes_is_trained_once_by_one_worker(two, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live_module.time, "monotonic", lambda: now[0])
    for worker in two:
        worker.turn(at_once=True)
    for _ in range(10):
        write(two[0], "tea", structural=True)
        now[0] += live_module.QUIET / 2
        for worker in two:
            worker.turn()
    assert [worker.trainings for worker in two] == [0, 0]
    for _ in range(3):
        now[0] += live_module.QUIET
        for worker in two:
            worker.turn()
    assert [worker.answers for worker in two] == [{"tea": 12, "wine": 1}] * 2
    assert sum(worker.trainings for worker in two) == 1


def test_one_change_is_enough_to_train_by(two):
    two[0].start()
    write(two[0], "wine", structural=True)
    wait_for(lambda: two[0].trainings == 1)
    assert two[0].answers == {"tea": 2, "wine": 2}


def test_a_database_that_comes_back_is_followed_again(two, monkeypatch):
    two[0].start()
    with monkeypatch.context() as patch:
        patch.setattr(live_module, "head", lambda session: 1 / 0)
        wait_for(lambda: two[0].health()["status"] == "degraded")
        assert two[0].reason.startswith("the database cannot be followed")
        assert two[0].answers == {"tea": 2, "wine": 1}
    wait_for(lambda: two[0].health()["status"] == "ok")


def test_a_burst_that_does_not_end_is_trained_all_the_same(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live_module.time, "monotonic", lambda: now[0])
    burst, over = Burst(), []
    for turn in range(45):
        now[0] += 0.1
        if burst.is_over(turn):
            over.append(turn)
    assert len(over) == 2
    now[0] += 0.1
    assert not burst.is_over(44)
    now[0] += 0.3
    assert burst.is_over(44)


def test_a_failed_training_keeps_the_last_good_model_and_says_so(two):
    for worker in two:
        worker.start()
    write(two[0], "bad", structural=True)
    wait_for(lambda: all(worker.health()["status"] == "degraded" for worker in two))
    assert "a bad word" in two[0].reason
    assert two[0].answers == two[1].answers == {"tea": 2, "wine": 1}
    with two[0].database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(words).where(words.c.word == "bad"))
    wait_for(lambda: all(worker.health()["status"] == "ok" for worker in two))


def test_a_damaged_file_keeps_the_last_good_model_and_is_made_anew(two):
    for worker in two:
        worker.start()
    (file,) = two[0].card.parent.glob("demo-model-*.joblib")
    file.write_bytes(b"damaged")
    wait_for(lambda: all("cannot be used" in worker.reason for worker in two))
    assert two[0].answers == two[1].answers == {"tea": 2, "wine": 1}
    assert file.name in two[0].reason
    assert str(file.parent) not in two[0].reason  # everybody can read it
    wait_for(lambda: all(worker.health()["status"] == "ok" for worker in two))
    assert sum(worker.trainings for worker in two) == 1


def test_a_database_that_does_not_answer_is_said_without_its_address(site, tmp_path):
    url = "postgresql+psycopg://somebody:sesame@127.0.0.1:1/shop"
    pytest.importorskip("psycopg")
    live = LiveModel(site.learner, Database(url), tmp_path / "demo-model.json")
    live.turn()
    assert live.reason == "the database cannot be followed: the database does not answer"


@pytest.mark.parametrize(
    "how", ["damaged", "no card", "another database", "no model's card", "other versions"]
)
def test_a_start_with_no_good_file_trains(two, how):
    (file,) = two[0].card.parent.glob("demo-model-*.joblib")
    if how == "damaged":
        file.write_bytes(b"")
    elif how == "no card":
        two[0].card.unlink()
    elif how == "another database":
        save_model(counted(["tea"]), two[0].card, scores={"version": 1, "origin": "elsewhere"})
    elif how == "no model's card":
        two[0].card.write_text("{}")
    else:
        two[0].card.write_text(two[0].card.read_text().replace('"numpy": "', '"numpy": "0.'))
    for worker in two:
        worker.start()
        assert worker.answers == {"tea": 2, "wine": 1}
        assert worker.health()["status"] == "ok"
    assert [worker.trainings for worker in two] == [1, 0]


def test_a_site_without_any_model_says_so_until_it_has_one(two):
    two[0].card.unlink()
    write(two[0], "bad", structural=True)
    two[0].start()
    assert two[0].health()["status"] == "degraded"
    with pytest.raises(
        RuntimeError, match="There is no model yet; the last training failed: ValueError: a bad word"
    ):
        two[0].answers
    with two[0].database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(words).where(words.c.word == "bad"))
    wait_for(lambda: two[0].health()["status"] == "ok")


def test_a_new_stamp_is_a_reason_to_train(two, site):
    day = ["monday"]
    learner = Learner(train, compiled, MultinomialNB, update, stamp=lambda: day[0])
    two[0].learner = learner
    two[0].start()
    assert two[0].trainings == 1
    day[0] = "tuesday"
    wait_for(lambda: two[0].trainings == 2)


def test_rows_that_cannot_be_learned_are_said(two, monkeypatch):
    two[0].start()
    write(two[0], "bad", structural=False)
    wait_for(lambda: "could not be learned" in two[0].reason)
    assert two[0].answers == {"tea": 2, "wine": 1}


def test_what_failed_is_tried_again_after_a_pause_or_with_newer_rows(two, site, monkeypatch):
    now, tried = [100.0], []

    def fail(model, session, since, upto):
        tried.append(upto)
        raise ValueError("no")

    monkeypatch.setattr(live_module.time, "monotonic", lambda: now[0])
    two[0].learner = Learner(train, compiled, MultinomialNB, fail)
    two[0].turn(at_once=True)
    write(two[0], "tea", structural=False)
    for seconds in (0, 0.1, 0.39, 0.02, 0.1):  # the pause is half a second
        now[0] += seconds
        two[0].turn()
    assert tried == [2, 2]
    write(two[0], "tea", structural=False)
    for _ in range(3):
        two[0].turn()
    assert tried == [2, 2, 3]
    assert two[0].answers == {"tea": 2, "wine": 1}


@pytest.mark.parametrize(
    ("version", "words"),
    [(1, "it is older than the one that is served"), (99, "it was trained on another database")],
)
def test_an_older_model_or_one_of_a_later_database_is_not_served(two, version, words):
    """The folder, or the database, was put back from a copy."""
    two[0].turn(at_once=True)
    write(two[0], "wine", structural=True)
    two[0].turn(at_once=True)
    assert two[0].answers == {"tea": 2, "wine": 2}
    with two[0].database.reading() as session:
        origin = head(session).origin
    save_model(counted(["tea"]), two[0].card, scores={"version": version, "origin": origin, "stamp": ""})
    two[0].turn()
    assert words in two[0].reason
    assert two[0].answers == {"tea": 2, "wine": 2}
    wait_for(lambda: two[0].turn(at_once=True) or two[0].health()["status"] == "ok")
    assert two[0].answers == {"tea": 2, "wine": 2}


def test_with_too_little_data_nothing_is_trained_and_the_site_is_well(two):
    """Rows are deleted until too few remain, and added again; every worker follows."""
    few = Learner(
        train,
        lambda model, session, previous: "too few" if model is None else compiled(model, session, previous),
        MultinomialNB,
        update,
        lacks=lambda session: session.scalar(select(func.count()).select_from(words)) < 2,
    )
    for worker in two:
        worker.learner = few
        worker.start()
        assert worker.answers == {"tea": 2, "wine": 1}
    with two[0].database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(words))
    wait_for(lambda: all(worker.answers == "too few" for worker in two))
    write(two[0], "tea", structural=False)
    for worker in two:
        worker.turn()
        assert (worker.answers, worker.health()["status"]) == ("too few", "ok")
    write(two[0], "wine", structural=True)
    wait_for(lambda: all(worker.answers == {"tea": 1, "wine": 1} for worker in two))
    assert sum(worker.trainings for worker in two) == 1
    assert [worker.reason for worker in two] == ["", ""]
