"""The tavern's command line, its simulated rentals, its saved model and its evaluation."""

import io
import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console
from sklearn.pipeline import Pipeline

from estimators import CatalogueNB
from examples import saved as saved_models
from examples.games import __main__ as command_line
from examples.games import commands
from examples.games import evaluate as evaluation
from examples.games import model as tavern
from examples.games.data import BUDGETS, known_types
from examples.games.evaluate import CriteriaScorer, choose, questions_and_answers
from examples.games.rentals import simulate_rentals
from pipelines import ModelVersionWarning, load_model, read_card, recommend

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def trained():
    return tavern.train()


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Run the command line with the trained model in the place of the saved one."""
    monkeypatch.setattr(commands, "load_recommender", lambda *_: trained)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments):
        assert command_line.main(list(arguments)) == 0
        return capsys.readouterr().out

    return run


FIRST_QUESTION = ("recommend", "--budget", "cheap", "--type", "Adventure", "--type", "Platform")


def test_recommend_prints_five_games_within_80_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    printed = run(*FIRST_QUESTION)
    assert "A budget-friendly adventure, platform game: top 5" in printed
    rows = re.findall(r"^│ +[1-5] │ .* │ +\d+\.\d\d │ (.*?) +│ +(\d+) │$", printed, flags=re.MULTILINE)
    assert len(rows) == 5
    assert all(heading in printed for heading in ("game", "cost/hour", "matches", "rentals"))
    assert max(map(len, printed.splitlines())) <= 80
    assert len(set(rows)) >= 4  # what a game matches and how often it was rented differs from game to game
    assert {"all", "cheap, Adventure"} <= {matches for matches, _ in rows}


def test_recommend_adds_the_reasons_when_asked_why(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    printed = run(*FIRST_QUESTION, "--why")
    assert len(re.findall(r"^│ +[1-5] │", printed, flags=re.MULTILINE)) == 5
    assert "cheap +" in printed
    assert "Adventure +" in printed
    assert "before your choices +" in printed
    assert re.search(r"Platform -\d\.\d+ \(no match\)", printed)


def test_readme_shows_what_its_first_command_prints(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    printed = "\n".join(line.rstrip() for line in run(*FIRST_QUESTION).splitlines())
    assert f"```text\n{printed}\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_recommend_as_json_meets_the_question(run):
    answer = json.loads(run("recommend", "-b", "premium", "-t", "racing", "-k", "3", "--json"))
    assert [row["rank"] for row in answer] == [1, 2, 3]
    for row in answer:
        assert row["budget"] == "premium"
        assert row["cost"] >= 20
        assert "Racing" in row["gameplay_types"]
        assert sum(row["reasons"].values()) == pytest.approx(row["score"])
        assert set(row["reasons"]) == {"(prior)", "budget=premium", "gameplay_types=Racing"}
    left = json.loads(
        run("recommend", "-b", "premium", "-t", "racing", "-k", "2", "--json", "-x", answer[0]["game"])
    )
    assert [row["game"] for row in left] == [row["game"] for row in answer[1:]]


@pytest.mark.parametrize("arguments", [["--budget", "cheap"], ["--type", "Puzzle"], []])
def test_either_half_of_the_question_may_be_left_out(run, arguments):
    assert len(json.loads(run("recommend", "--json", *arguments))) == 5


def test_a_question_that_asks_for_nothing_says_so_and_names_the_most_popular_games(run, capsys):
    shown = json.loads(run("recommend", "--json"))
    assert command_line.main(["recommend", "-k", "1"]) == 0
    assert "You did not ask for anything, so these are the most popular games." in capsys.readouterr().err
    model = commands.load_recommender(Console(quiet=True))
    order = np.argsort(-model[-1].class_count_, kind="stable")[:5]
    assert [row["game"] for row in shown] == model.classes_[order].tolist()


def test_names_are_printed_as_they_are(run, monkeypatch):
    games = commands.catalogue()
    name = next(iter(json.loads(run("recommend", "-k", "1", "--json"))))["game"]
    games[name]["title"] = "Mega [red]Drive[/x]"
    monkeypatch.setattr(commands, "catalogue", lambda: games)
    assert "Mega [red]Drive[/x]" in run("recommend", "-k", "1")
    assert "An RPG game" in run("recommend", "-t", "RPG", "-k", "1")


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m examples.games recommend -k 600 --json | head -1"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, shell=True, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert "Error" not in done.stderr
    assert "Broken pipe" not in done.stderr


def test_an_output_without_unicode(trained, monkeypatch):
    monkeypatch.setattr(commands, "load_recommender", lambda *_: trained)

    def printed(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
            assert command_line.main(["recommend", "-k", "40", "-t", "RPG", *arguments]) == 0
            return sys.stdout.buffer.getvalue().decode()

    games = {row["game"] for row in json.loads(printed("--json"))}
    assert games <= set(commands.catalogue())
    assert not all(map(str.isascii, games))
    assert "Pok?mon" in printed()


def test_explain_adds_up(run):
    answer = json.loads(run("explain", "-b", "cheap", "-t", "Puzzle", "tetris", "--json"))
    assert answer["game"] == "Tetris"
    assert answer["score"] == pytest.approx(sum(answer["reasons"].values()))
    printed = run("explain", "-b", "premium", "-t", "Puzzle", "Tetris")
    assert re.search(r"budget=premium\s+│\s+no", printed)
    assert re.search(r"gameplay_types=Puzzle\s+│\s+yes", printed)
    assert re.search(r"before your choices\s+│\s+│\s+\d", printed)


def test_types_are_listed_with_their_games(run):
    games, _ = tavern.load_training_data(10)
    n_racing = sum("Racing" in types for types in games["gameplay_types"])
    assert re.search(rf"Racing\s+│\s+{n_racing} ", run("types"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["recommend", "--budget", "chaep"],
            "unknown budget 'chaep'. Did you mean 'cheap'? Known budgets, closest first: cheap",
        ),
        (
            ["recommend", "--type", "Platfrom"],
            "unknown type 'Platfrom'. Did you mean 'Platform'? Known types, closest first: Platform",
        ),
        (
            ["recommend", "--exclude", "Tetriss"],
            "unknown game 'Tetriss'. Did you mean 'Tetris'? Known games, closest first: Tetris",
        ),
        (
            ["explain", "-t", "Shooter", "Dooom"],
            "unknown game 'Dooom'. Did you mean 'Doom'? Known games, closest first: Doom",
        ),
        (["explain", "--classifier", "gaussian"], "argument --classifier: invalid choice: 'gaussian'"),
        (["recommend", "--count", "0"], "must be a whole number of at least 1, got '0'"),
        (["evaluate", "--picture", "scores.jpg"], r"must end in .svg or .png, got 'scores.jpg'"),
        (["evaluate", "--customers", "some"], "must be a whole number of at least 1, got 'some'"),
        (
            ["evaluate", "--customers", "4"],
            "must be at least 5, so that each of the five folds has a customer; got '4'",
        ),
        (
            ["evaluate", "--customers", "50", "--training-customers", "26"],
            "--training-customers must be at most half of the 50 customers; got 26",
        ),
        (
            ["evaluate", "--json", "no/folder/x.json"],
            "argument --json: cannot write 'no/folder/x.json': the folder 'no/folder' does not exist",
        ),
        (
            ["train", "--output", "x.pkl"],
            "must end in .json, .joblib or .skops, or have no suffix; got 'x.pkl'",
        ),
        (["explain", "Tetris"], "at least one of --budget and --type is required"),
        ([], "the following arguments are required: COMMAND"),
        (["play"], "invalid choice: 'play'"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_known(trained, monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(commands, "load_recommender", lambda *_: trained)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recommend", "explain", "types", "train", "evaluate"])
def test_help_says_what_a_command_takes(capsys, command):
    with pytest.raises(SystemExit) as stopped:
        command_line.main([command, "--help"])
    assert stopped.value.code == 0
    assert "usage: python -m examples.games " + command in capsys.readouterr().out


def test_train_saves_a_model_that_answers_as_its_card_says(tmp_path, monkeypatch, capsys):
    small = tavern.load_training_data(40)
    monkeypatch.setattr(commands, "load_training_data", lambda: small)
    monkeypatch.setattr(tavern, "load_training_data", lambda: small)
    assert command_line.main(["train", "--output", str(tmp_path / "games.json")]) == 0
    assert "Trained on" in capsys.readouterr().out
    model, card = (
        load_model(tmp_path / "games.json", expected=CatalogueNB),
        read_card(tmp_path / "games.json"),
    )
    assert card["retrain"] == "python -m examples.games train"
    assert set(card["scores"]) == {"cross-validated", "saved model"}
    replay(model, card)


@pytest.mark.parametrize("classifier", ["complement", "multinomial", "bernoulli"])
def test_another_classifier_is_one_word_away(tmp_path, monkeypatch, capsys, classifier):
    small = tavern.load_training_data(40)
    monkeypatch.setattr(commands, "load_training_data", lambda: small)
    monkeypatch.setattr(tavern, "load_training_data", lambda: small)
    monkeypatch.setattr(commands, "MODELS", tmp_path)
    chosen = ["--classifier", classifier]
    assert command_line.main(["explain", "-b", "cheap", "tetris", "--json", *chosen]) == 0
    captured = capsys.readouterr()
    retrain = f"python -m examples.games train --classifier {classifier}"
    assert f"To save it, run: {retrain}" in captured.err
    explained = json.loads(captured.out)
    assert ("(prior)" in explained["reasons"]) == (classifier != "complement")
    assert command_line.main(["train", *chosen]) == 0
    card = read_card(tmp_path / f"games-{classifier}.json")
    assert (card["retrain"], card["final_class"].casefold()) == (
        retrain,
        f"estimators.naive_bayes.{classifier}nb",
    )
    capsys.readouterr()
    assert command_line.main(["recommend", "-b", "cheap", "-t", "Puzzle", *chosen]) == 0
    captured = capsys.readouterr()
    assert not captured.err  # the saved model is used
    assert "rentals" not in captured.out  # these classifiers count the catalogue's rows too
    assert command_line.main(["explain", "-b", "cheap", "tetris", "--json", *chosen]) == 0
    assert json.loads(capsys.readouterr().out)["reasons"] == explained["reasons"]


def replay(model, card):
    assert len(card["questions"]) == 3
    for asked in card["questions"]:
        labels, _ = recommend(model, tavern.question(**asked["question"]), 5)
        assert labels[0].tolist() == asked["answer"]


def test_the_committed_model_gives_the_answers_on_its_card():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelVersionWarning)  # other versions than it was trained with
        model = load_model(commands.MODEL, expected=CatalogueNB)
    assert isinstance(model, Pipeline)
    replay(model, read_card(commands.MODEL))


def test_the_committed_model_is_what_training_gives_today(trained):
    for asked in read_card(commands.MODEL)["questions"]:
        labels, _ = recommend(trained, tavern.question(**asked["question"]), 5)
        assert labels[0].tolist() == asked["answer"]


def test_the_committed_model_meets_the_questions():
    scores = read_card(commands.MODEL)["scores"]
    assert scores["saved model"]["budget"] >= 0.95
    assert scores["saved model"]["type"] >= 0.90
    report = json.loads((ROOT / "docs" / "games-evaluation.json").read_text())["recommenders"]
    assert scores["cross-validated"]["hit_rate"] == pytest.approx(
        report[evaluation.OURS]["hit_rate"], abs=1e-4
    )


@pytest.mark.parametrize("trouble", ["other versions", "no model"])
def test_the_example_retrains_by_itself_and_says_so(monkeypatch, tmp_path, capsys, trained, trouble):
    def load(path, expected):
        if trouble == "no model":
            return load_model(tmp_path / "games.json")
        warnings.warn("trained with scikit-learn 1.8", ModelVersionWarning, stacklevel=1)
        return None

    monkeypatch.setattr(saved_models, "load_model", load)
    monkeypatch.setattr(commands, "train", lambda classifier: trained)
    assert command_line.main(["recommend", "-b", "cheap", "--json"]) == 0
    captured = capsys.readouterr()
    assert len(json.loads(captured.out)) == 5
    assert (
        "Training the model for this run only. To save it, run: python -m examples.games train"
        in captured.err
    )


def test_a_damaged_model_file_is_an_error_of_one_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "games.json").write_text("{")
    monkeypatch.setattr(commands, "MODEL", tmp_path / "games.json")
    assert command_line.main(["recommend"]) == 1
    assert "games.json" in capsys.readouterr().err


def test_rentals_are_the_same_for_the_same_seed_and_skewed_as_said():
    games, _ = tavern.load_training_data(10)
    rentals = simulate_rentals(games, 1000)
    assert rentals.equals(simulate_rentals(games, 1000))
    assert not rentals.equals(simulate_rentals(games, 1000, seed=1))
    counts = np.sort(rentals["title"].value_counts()["count"].to_numpy())[::-1]
    assert counts[: len(counts) // 10].sum() > 0.3 * counts.sum()
    assert rentals["rating"].is_between(1, 5).all()
    assert rentals["rating"].median() >= 4
    assert rentals["budget"].null_count() / rentals.height == pytest.approx(0.1, abs=0.02)
    n_asked = rentals["gameplay_types"].list.len()
    assert n_asked.min() == 1
    assert n_asked.max() == 3
    assert set(rentals["title"]) <= set(games["title"])


def test_what_meets_a_question_by_hand():
    games = pl.DataFrame(
        {
            "title": ["A", "B", "C"],
            "budget": ["cheap", "cheap", "premium"],
            "gameplay_types": [["Puzzle"], ["Racing"], ["Puzzle", "Racing"]],
        }
    )
    questions, meets = questions_and_answers(games, "both")
    asked = list(questions.iter_rows())
    assert len(asked) == len(BUDGETS) * 3
    assert meets[asked.index(("cheap", ["Puzzle"]))].tolist() == [True, False, False]
    assert meets[asked.index(("premium", ["Puzzle", "Racing"]))].tolist() == [False, False, True]
    model = tavern.plain_recommender(games)
    model.fit(games.clear(), [])
    # every game stands in one of the five places of every question, so all that can be met is
    assert CriteriaScorer(games, "both")(model) == 1.0


def test_the_choice_is_the_best_hit_rate_among_those_that_meet_the_question():
    results = {
        "mean_test_hit_rate": np.array([0.9, 0.5, 0.6]),
        "mean_test_budget": np.array([0.5, 0.99, 0.97]),
        "mean_test_type": np.array([1.0, 0.99, 0.95]),
    }
    assert choose(results) == 2
    with pytest.raises(
        ValueError, match=r"no hyperparameters .* match at least 95% of the budgets and 90% of the types"
    ):
        choose({**results, "mean_test_type": np.zeros(3)})


def test_evaluate_compares_searches_and_draws(monkeypatch, tmp_path, capsys):
    grid = {"catalogue_share": [None, 0.9]}
    monkeypatch.setattr(evaluation, "GRID", grid)
    monkeypatch.setattr(evaluation, "N_JOBS", 1)
    monkeypatch.setattr(evaluation, "known_types", lambda games: known_types(games)[::2])
    command = ["evaluate", "--customers", "60", "--json", f"{tmp_path / 'e.json'}"]
    monkeypatch.setenv("COLUMNS", "200")
    assert command_line.main([*command, "--picture", f"{tmp_path / 'e.svg'}"]) == 0
    printed = capsys.readouterr().out
    report = json.loads((tmp_path / "e.json").read_text())
    assert len(report["recommenders"]) == 10
    measured = {"hit_rate", "ndcg", "budget", "type", "both", "fit_ms", "query_ms", "gap", "half_width"}
    for name, scores in report["recommenders"].items():
        assert name in printed
        left_out = {
            evaluation.OURS: {"gap", "half_width"},
            evaluation.CEILING: {"budget", "type", "both", "fit_ms", "query_ms"},
        }.get(name, set())
        assert measured - left_out == set(scores)
    assert report["search"]["chosen"] == {"catalogue_share": 0.9}
    assert report["search"]["settings"] == 2
    assert "<svg" in (tmp_path / "e.svg").read_text()


def test_the_settings_are_those_that_the_evaluation_chose():
    report = json.loads((ROOT / "docs" / "games-evaluation.json").read_text())
    assert report["search"]["chosen"] == {
        "catalogue_share": tavern.CATALOGUE_SHARE,
        "recommender__classify__alpha": tavern.ALPHA,
        "recommender__classify__norm": tavern.NORM,
        "recommender__encode__transformer_weights": {"budget": tavern.BUDGET_WEIGHT},
    }
    tuned, plain = (report["recommenders"][f"complement naive Bayes, {how}"] for how in ("as tuned", "plain"))
    assert tuned["hit_rate"] >= plain["hit_rate"]
    assert tuned["budget"] >= 0.95
    assert tuned["type"] >= 0.90


def test_known_types_are_those_of_the_model(trained):
    games, _ = tavern.load_training_data(10)
    budgets, types = commands.known_categories(trained)
    assert sorted(budgets) == sorted(BUDGETS)
    assert types == known_types(games)


def test_a_console_that_is_no_terminal_gets_no_progress_bar():
    games, _ = tavern.load_training_data(10)
    search = evaluation.search(games, {"catalogue_share": [None]})
    assert not callbacks(evaluation.with_progress(search, Console(file=io.StringIO()), "Searching"))
    on_a_terminal = Console(file=io.StringIO(), force_terminal=True)
    assert callbacks(evaluation.with_progress(search, on_a_terminal, "Searching"))


def callbacks(search):
    return getattr(search, "_skl_callbacks", [])


def test_the_page_of_the_example_shows_what_was_measured():
    report = json.loads((ROOT / "docs" / "games-evaluation.json").read_text())
    page = (ROOT / "examples" / "games" / "README.md").read_text(encoding="utf-8")
    assert evaluation.as_markdown(report) in page
