"""The digits' command line: predict, wrong arguments, summary, and the page that shows them."""

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from estimators import MLPClassifier
from examples.digits import __main__ as command_line
from examples.digits import data, regularise
from examples.digits import evaluate as evaluation
from examples.digits.data import load_bundled
from pipelines import ModelVersionWarning, load_model

pyplot = pytest.importorskip("matplotlib.pyplot")
ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "digits"

# predict


@pytest.mark.parametrize(("name", "digit"), [("two", 2), ("five", 5), ("seven", 7)])
def test_the_pictures_beside_the_example_are_recognised(run, name, digit):
    told = json.loads(run("predict", str(EXAMPLE / "data" / f"{name}.png"), "--json"))
    assert told["digit"] == digit
    assert told["dark_ink"] is (name != "seven")
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert max(told["probabilities"], key=told["probabilities"].get) == str(digit)
    assert len(told["sees"]) == 64
    printed = run("predict", str(EXAMPLE / "data" / f"{name}.png"))
    assert f"This is a {digit}.\nMost probable digits: {digit} (" in printed
    assert "@@" in printed.splitlines()[0] or "%%" in "".join(printed.splitlines()[:8])
    assert all(len(line) <= 16 for line in printed.splitlines()[:8])


def test_an_eight_has_the_article_an(run, tmp_path):
    picture = tmp_path / "eight.png"
    pyplot.imsave(picture, np.kron(load_bundled().X[8].reshape(8, 8), np.ones((8, 8))), cmap="gray")
    assert "This is an 8.\n" in run("predict", str(picture))


def test_a_held_out_digit_printed_as_a_picture_is_answered_as_the_model_answers(run, trained, tmp_path):
    from matplotlib import image

    _, X_new, _, y_new = load_bundled().split()
    right = 0
    for row, digit in zip(X_new[:30], y_new[:30], strict=True):
        image.imsave(
            tmp_path / "x.png", np.kron(row.reshape(8, 8), np.ones((9, 9))), cmap="gray", vmin=0, vmax=1
        )
        right += json.loads(run("predict", str(tmp_path / "x.png"), "--json"))["digit"] == digit
    assert right >= 28  # of the 29 that the model reads in the images themselves


def test_the_command_itself_on_a_terminal_without_unicode():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "examples.digits", "predict", "examples/digits/data/five.png"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "This is a 5." in done.stdout
    assert "Error" not in done.stderr


# Wrong arguments and files


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["evaluate", "--images", "20"],
            "argument --images: must be a whole number of at least 200, got '20'",
        ),
        (["evaluate", "--images", "many"], "must be a whole number of at least 0, got 'many'"),
        (["evaluate", "--epochs", "0"], "must be a whole number of at least 1, got '0'"),
        (["evaluate", "--mnist", "x", "--fetch"], "not allowed with argument --mnist"),
        (
            ["train", "--net", "softmax"],
            "--output is required with these options, because models/digits.json is reserved",
        ),
        (["train", "--net", "wide"], "invalid choice: 'wide'"),
        (
            ["search", "--epochs", "3"],
            "argument --epochs: not allowed with search, which sets the number of epochs",
        ),
        (["curves", "--picture", "x.jpg"], "must end in .svg or .png, got 'x.jpg'"),
        (["boundary", "--picture", "no/folder/x.png"], "the folder 'no/folder' does not exist"),
        (["regularise", "--json", "no/folder/x"], "cannot write 'no/folder/x'"),
        (["predict", "x.png", "--model", "x.pkl"], "must end in .json, .joblib or .skops, or have no suffix"),
        (["summary", "--side", "9"], "invalid choice"),
        (["predict"], "the following arguments are required: PNG"),
        (
            ["predict", "--modle", "x"],
            "unknown option '--modle'. Did you mean '--model'? Known options, closest",
        ),
        (["curves", "--images", "99999"], "argument --images: must be at most 1,797, the number of images"),
        (["evaluate", "--images", "1798"], "the number of images; got '1798'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_allowed(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_without_matplotlib_a_command_that_works_in_a_clone_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for arguments in (["predict", "x.png"], ["boundary", "--picture", "x.svg"]):
        with pytest.raises(SystemExit):
            command_line.main(arguments)
        assert 'requires matplotlib; to install it, run: pip install ".[plot]"' in capsys.readouterr().err


def test_files_that_cannot_be_used_exit_with_1(run, mnist, capsys, monkeypatch):
    (mnist / "bad.png").write_bytes(b"no picture")
    assert command_line.main(["predict", str(mnist / "bad.png")]) == 1
    assert "bad.png: cannot be read as a picture" in capsys.readouterr().err
    cut = (mnist / "train-images-idx3-ubyte").read_bytes()[:-5]
    (mnist / "train-images-idx3-ubyte").write_bytes(cut)
    assert command_line.main(["evaluate", "--mnist", str(mnist)]) == 1
    assert "expected 235,200 bytes after the header, for 300 x 28 x 28 numbers" in capsys.readouterr().err
    assert command_line.main(["train", "--mnist", str(mnist / "none"), "--output", str(mnist / "m")]) == 1

    def fetch(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(data, "fetch_openml", fetch)
    assert command_line.main(["evaluate", "--fetch"]) == 1
    assert "cannot be downloaded from OpenML (no network)" in capsys.readouterr().err


# summary


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        ([], 64 * 96 + 96 * 48 + 48 * 24 + 24 * 10 + 96 + 48 + 24 + 10 + 2 * (96 + 48 + 24)),
        (["--net", "softmax"], 64 * 10 + 10),
        (["--net", "hidden", "--side", "28"], 784 * 200 + 200 + 200 * 10 + 10),
    ],
)
def test_summary_counts_the_parameters(run, arguments, total):
    printed = run("summary", *arguments)
    assert printed.splitlines()[-1].split()[:3] == ["total,", "float32", f"{total:,}"]


def test_summary_as_a_graph(run):
    printed = run("summary", "--net", "softmax", "--mermaid")
    assert printed.startswith("flowchart TD\n")
    assert "64" in printed
    assert "StandardScaler(with_std=False) -> MLPClassifier" in run("summary")


# The page


@pytest.fixture
def saved(run, monkeypatch):
    """Run the command line with the committed model, which is the same on every machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelVersionWarning)
        model = load_model(command_line.MODEL, expected=MLPClassifier)
    monkeypatch.setattr(command_line, "load_recogniser", lambda card, messages: model)
    return run


def test_the_page_shows_what_predict_prints(saved):
    printed = saved("predict", str(EXAMPLE / "data" / "five.png"))
    assert f"```text\n{printed}```" in (EXAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_page_counts_the_errors_as_the_report_does():
    page = " ".join((EXAMPLE / "README.md").read_text(encoding="utf-8").split())
    report = json.loads((ROOT / "docs" / "digits-evaluation.json").read_text(encoding="utf-8"))
    said = re.search(
        r"The (\w+) network makes (\d+) errors. In (\d+) of them, it classifies an (\d) as a (\d)", page
    )
    counts = np.array(report["confusion"])
    most = report["confused"][0]
    expected = [report["judged"], counts.sum() - np.trace(counts)]
    expected += [most[key] for key in ("times", "digit", "taken_for")]
    assert said.groups() == tuple(map(str, expected))


def test_the_page_says_which_printed_digits_are_misread(saved, tmp_path):
    from matplotlib.figure import Figure

    misread = {}
    for digit in range(10):
        figure = Figure(figsize=(2, 2), dpi=80)
        figure.text(0.5, 0.5, str(digit), fontsize=90, family="DejaVu Sans", ha="center", va="center")
        figure.savefig(tmp_path / "x.png")
        told = json.loads(saved("predict", str(tmp_path / "x.png"), "--json"))["digit"]
        misread |= {digit: told} if told != digit else {}
    said = ", ".join(f"the {digit} as a {told}" for digit, told in misread.items())
    page = " ".join((EXAMPLE / "README.md").read_text(encoding="utf-8").split())
    assert f"it misreads {len(misread)} ({said})" in page


def test_the_page_of_the_example_shows_what_was_measured():
    page = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    reports = {
        name: json.loads((ROOT / "docs" / f"digits-{name}.json").read_text(encoding="utf-8"))
        for name in ("evaluation", "regularise")
    }
    for table in (evaluation.model_rows(reports["evaluation"]), regularise.table_of(reports["regularise"])):
        assert evaluation.as_markdown(*table) in page
    accuracy = {row["model"]: row["accuracy"] for row in reports["evaluation"]["scores"]}
    assert accuracy["deep"] > accuracy["softmax"] > 0.95
    for name in ("evaluation", "curves", "boundary"):
        assert f"../../docs/digits-{name}.svg" in page
        assert "<svg" in (ROOT / "docs" / f"digits-{name}.svg").read_text(encoding="utf-8")
    for command in command_line.build_parser()._subparsers._group_actions[0].choices:
        assert f"python -m examples.digits {command}" in page
