"""The tavern's JSON API."""

import pytest


def test_the_api_recommends_what_was_asked(browser):
    answer = browser.get("/api/recommend?budget=premium&type=Racing&k=3").json()
    assert answer["question"] == {"budget": "premium", "gameplay_types": ["Racing"]}
    assert [one["rank"] for one in answer["suggestions"]] == [1, 2, 3]
    for one in answer["suggestions"]:
        assert one["budget"] == "premium"
        assert "Racing" in one["gameplay_types"]
    first = answer["suggestions"][0]["game"]
    rest = browser.get(
        "/api/recommend", params={"budget": "premium", "type": "Racing", "exclude": first}
    ).json()
    assert rest["suggestions"][0]["game"] == answer["suggestions"][1]["game"]
    assert len(browser.get("/api/recommend").json()["suggestions"]) == 5
    assert set(browser.get("/api/criteria").json()["budgets"]) == {"cheap", "standard", "premium"}


@pytest.mark.parametrize(
    "query",
    [
        "k=0",
        "k=51",
        "k=x",
        "k=",
        "budget=" + "x" * 30,
        "&".join(["type=Puzzle"] * 21),
        "type=%00",
        "type=%ff",
        "budget=%F0%9F%8D%BA",
    ],
)
def test_the_api_refuses_what_it_cannot_answer(browser, query):
    answer = browser.get(f"/api/recommend?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0].keys() == {"where", "problem"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"game": "tetris"}, 201),
        ({"game": "Tetris", "budget": "cheap", "gameplay_types": ["Puzzle", "Puzzle"]}, 201),
        ({"game": "Tetris", "budget": "free"}, 422),
        ({"game": "Tetris", "gameplay_types": ["Chess"]}, 422),
        ({"game": "'; DROP TABLE games; --"}, 422),
        ({"game": "a\x00b"}, 422),
        ({"game": ["Tetris"]}, 422),
        ({}, 422),
        ([], 422),
    ],
)
def test_rentals_by_the_api(browser, body, status):
    answer = browser.post("/api/rentals", json=body)
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["game"] == "Tetris"
        again = browser.post("/api/rentals", json=body)
        assert (again.status_code, again.json()) == (200, answer.json())
        assert browser.get("/api/rentals").json() == [answer.json()]


def problem_of(answer):
    assert answer.status_code == 422
    return answer.json()["detail"][0]


def test_a_game_that_is_not_recommended_is_rented_and_why_it_is_not_explained_is_said(browser):
    for name in ("action-52", "Action 52"):
        told = problem_of(browser.get("/api/explain", params={"game": name, "type": "Puzzle"}))
        assert told == {
            "where": "query.game",
            "problem": "'Action 52' is on the shelves, but not among the 618 games that are recommended",
        }
    assert browser.post("/api/rentals", json={"game": "action-52"}).json()["game"] == "Action 52"
    assert browser.post("/api/rentals", json={"game": "Action 52"}).status_code == 200


def test_only_names_that_are_spelt_alike_are_offered(browser):
    told = problem_of(browser.get("/api/explain?game=Tetriss&type=Puzzle"))["problem"]
    assert told.startswith("Unknown game 'Tetriss'. Known, of 618, and spelt alike: Tetris")
    assert told.count(",") <= 6
    told = problem_of(browser.get("/api/explain?game=pokemon gold and silvr"))["problem"]
    assert "spelt alike: Pokémon Gold and Silver" in told
    told = problem_of(browser.get("/api/explain", params={"game": "qqqq%\x00"}))["problem"]
    assert told.endswith("None of the 618 known ones is spelt alike; /games lists them")
    told = problem_of(browser.post("/api/rentals", json={"game": "action 53"}))
    assert told["where"] == "body.game"
    assert "Known, of 638, and spelt alike: Action 52" in told["problem"]


def test_a_wrong_type_is_reported_by_its_own_name(browser):
    told = problem_of(browser.post("/api/rentals", json={"game": "Tetris", "gameplay_types": ["Chess"]}))
    assert told["where"] == "body.gameplay_types"
    assert problem_of(browser.get("/api/recommend?type=Chess"))["where"] == "query.type"


def test_the_api_is_described(browser):
    paths = browser.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/recommend",
        "/api/explain",
        "/api/criteria",
        "/api/rentals",
        "/health",
        "/health/live",
    }
    page = browser.get("/api/docs").text
    assert all(path in page for path in paths)
