"""Ctrl-C ends every command at any moment, and lines of text are whole where no terminal reads them."""

import functools
import io
import itertools
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
from rich.table import Table
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import MLPClassifier
from examples.digits import __main__ as digits
from examples.digits.data import load_bundled
from examples.games import commands as games
from examples.games.data import GamesFileError
from examples.terminal import Interrupted, Terminal, ctrl_c_ends, run_quietly

ROOT = Path(__file__).parents[2]


@pytest.fixture
def listening():
    """Let Ctrl-C do what it does in Python, also where the tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ctrl_c(listening, monkeypatch):
    """Press Ctrl-C in some epoch of the nets' training, counted from now on."""

    def within(epoch):
        fit, press = MLPClassifier.fit, PressCtrlC(epoch)

        @functools.wraps(fit)
        def watched(model, *args, **kwargs):
            return fit(model.set_callbacks(press), *args, **kwargs)

        monkeypatch.setattr(MLPClassifier, "fit", watched)

    return within


class PressCtrlC:
    """A callback that presses Ctrl-C when the given epoch begins, counted over all trainings that it sees."""

    def __init__(self, epoch):
        self.epoch, self.epochs = epoch, itertools.count(1)

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        if context.parent is not None and next(self.epochs) == self.epoch:
            signal.raise_signal(signal.SIGINT)

    def on_fit_task_end(self, estimator, context):
        pass


# Ctrl-C


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--epochs", "30", "--output", "out.json"],
        ["evaluate", "--epochs", "30", "--json", "out.json"],
        ["curves", "--epochs", "30", "--json", "out.json"],
        ["regularise", "--epochs", "30", "--json", "out.json"],
        ["search", "--json", "out.json"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_ctrl_c_ends_each_command_of_the_digits_and_nothing_is_written(
    arguments, ctrl_c, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    ctrl_c(20)
    assert digits.main(arguments) == 130
    captured = capsys.readouterr()
    assert captured.err == "Interrupted.\n"
    assert "log loss" not in captured.out
    assert not list(tmp_path.iterdir())


def test_the_saved_model_survives_ctrl_c(ctrl_c, tmp_path, monkeypatch):
    monkeypatch.setattr(digits, "MODEL", tmp_path / "digits.json")
    assert digits.main(["train"]) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ctrl_c(5)
    assert digits.main(["train"]) == 130
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_ctrl_c_is_not_swallowed_within_a_cross_validation(ctrl_c, capsys):
    X, y = load_bundled()[1:3]
    net = MLPClassifier((50,), max_iter=20, n_iter_no_change=20)
    ctrl_c(30)
    command = lambda: cross_val_score(make_pipeline(StandardScaler(), net), X, y)  # noqa: E731
    assert run_quietly(command, Terminal(stderr=True)) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_ctrl_c_within_a_destructor_is_not_lost(listening, capsys):
    class Last:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def command():
        Last()
        for _ in range(1000):
            time.sleep(0.01)

    assert run_quietly(command, Terminal(stderr=True)) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_background_that_ignores_ctrl_c_goes_on_ignoring_it(listening):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ctrl_c_ends():
        signal.raise_signal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(Interrupted), ctrl_c_ends():
        signal.raise_signal(signal.SIGINT)


def test_another_thread_may_run_a_command():
    codes = []
    thread = Thread(target=lambda: codes.append(run_quietly(lambda: None, Terminal(stderr=True))))
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C alone there")
@pytest.mark.parametrize("example", ["digits --help", "games types", "pizza forecast -r 15"])
@pytest.mark.parametrize("module", ["numpy", "sklearn.base"])
def test_ctrl_c_in_the_first_second_is_no_traceback(example, module):
    heed = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-X", "importtime", "-m", *f"examples.{example}".split()]
    with subprocess.Popen(
        [sys.executable, "-c", heed, *command], cwd=ROOT, text=True, stdout=-1, stderr=-1
    ) as run:
        for line in run.stderr:
            if line.split("|")[-1].strip() == module:
                break
        run.send_signal(signal.SIGINT)
        rest = [line for line in run.stderr if not line.startswith("import time:")]
        assert run.wait() == 130
    assert rest == ["Interrupted.\n"]
    assert run.stdout.closed


def test_who_imports_an_example_keeps_his_own_ctrl_c():
    code = "import examples.terminal, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    heed = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {code}"
    done = subprocess.run([sys.executable, "-c", heed], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


# Lines


PATH = "/a/long/way/" + "and/so/on/" * 12 + "model.json"


def test_no_line_is_broken_where_no_terminal_reads_it():
    written = io.StringIO()
    Terminal(file=written, width=80).print(f"Saved as {PATH}, which is long.", markup=False)
    assert written.getvalue() == f"Saved as {PATH}, which is long.\n"


def test_a_terminal_and_a_table_keep_their_width():
    written = io.StringIO()
    Terminal(file=written, width=80, force_terminal=True).print(PATH)
    assert len(written.getvalue().splitlines()) > 1
    table = Table("what")
    table.add_row("word " * 40)
    written = io.StringIO()
    Terminal(file=written, width=80).print(table)
    assert max(map(len, written.getvalue().splitlines())) == 80


@pytest.mark.parametrize(
    ("example", "arguments"),
    [("digits", ["predict", PATH]), ("games", ["evaluate"]), ("pizza", ["forecast", "--data", PATH])],
)
def test_a_message_names_its_file_in_one_line(example, arguments, monkeypatch, capsys):
    command_line = __import__(f"examples.{example}.__main__", fromlist=["main"])

    def no_games(*args, **kwargs):
        raise GamesFileError(f"{PATH}: expected games")

    if example == "games":
        monkeypatch.setattr(games, "evaluate", no_games)
    monkeypatch.setenv("COLUMNS", "80")
    assert command_line.main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert PATH in line


@pytest.mark.parametrize("example", ["games", "pizza"])
def test_help_and_serve_do_not_wait_for_scikit_learn_to_be_imported(example):
    code = f"""
import sys
from examples.{example}.__main__ import build_parser
build_parser().parse_args(["serve", "--port", "8000"])
print(sorted({{"altair", "pandas", "polars", "sklearn"}} & set(sys.modules)))
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
