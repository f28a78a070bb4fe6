"""A reader, or a crash at any moment, finds the old model or the new one, whole."""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from pipelines import persistence
from pipelines._common import files
from pipelines.persistence import load_model, read_card, save_model
from tests.effort import effort

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks and kills processes")

MODEL = MultinomialNB().fit([[2, 0], [0, 1]], [0, 1])
STEPS = ("open", "fsync", "replace", "unlink")


def save(path, number):
    """Save a model in whose file and card the same number stands."""
    MODEL.alpha = float(number)
    save_model(MODEL, path, scores={"number": number})


def load(path):
    """Load the number, after checking that file and card agree; joblib and card are whole."""
    model = load_model(path, expected=MultinomialNB)
    np.testing.assert_array_equal(model.feature_count_, [[2, 0], [0, 1]])
    return int(model.alpha)


def fork(function, *args):
    """Run a function in a forked process that leaves no other trace of itself."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads, which NumPy and polars have; the child uses neither's.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 1
        try:
            function(*args)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def wait(child):
    """Wait for a process; give 0 for its success, the signal that killed it, or fail."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.waitstatus_to_exitcode(status) == 0
    return 0


def leftovers(folder):
    """Say what a killed saver left: it tells where the kill met it."""
    named = {"games.json", read_card(folder / "games")["file"]}
    files = {path.name for path in folder.iterdir()} - named
    return {path.rpartition(".")[2] for path in files}


def assert_clean(folder):
    card = read_card(folder / "games")
    assert sorted(path.name for path in folder.iterdir()) == sorted(["games.json", card["file"]])


def start_saver(path, number):
    """Fork a saver; the pipe says when it begins, and when it has saved."""
    reader, writer = os.pipe()

    def report_and_save():
        os.write(writer, b"b")
        save(path, number)
        os.write(writer, b"e")

    child = fork(report_and_save)
    os.close(writer)
    assert os.read(reader, 1) == b"b"
    return child, reader


def time_saver(path, number):
    child, reader = start_saver(path, number)
    start = time.perf_counter()
    assert os.read(reader, 1) == b"e"
    duration = time.perf_counter() - start
    os.close(reader)
    assert wait(child) == 0
    return duration


def kill_savers(path, kills):
    """Kill savers at random moments; count what they left, and the outcomes: new or old model."""
    longest = statistics.median(time_saver(path, number) for number in range(20))
    current, counts, rng = 19, Counter(), random.Random(0)
    for number in range(100, 100 + kills):
        child, reader = start_saver(path, number)
        time.sleep(rng.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        wait(child)
        finished = os.read(reader, 1) == b"e"
        os.close(reader)
        found = load(path)
        assert read_card(path)["scores"]["number"] == found
        assert found in ((number,) if finished else (current, number))
        longest *= 0.97 if finished else 1.03  # so that half of the kills come in time
        counts["finished" if finished else "new" if found == number else "old"] += 1
        counts.update(leftovers(path.parent))
        current = found
    return counts


def test_many_kills(tmp_path):
    n = effort(1000, 100)
    # In a process of its own: to fork the one that runs all the tests takes five times as long.
    command = [sys.executable, __file__, str(tmp_path), str(n)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    counts = json.loads(result.stdout)
    assert counts["old"] + counts["new"] + counts["finished"] == n, counts
    assert counts["old"] > n / 10, counts
    assert counts["lock"] > n / 50, counts  # killed while it wrote, not only while it prepared
    if n == 1000:
        assert counts["new"] > 0, counts  # killed after the card was put in place, before the end
        assert counts["joblib"] > 0, counts  # between the two renames
    save(tmp_path / "games", 2000)
    assert load(tmp_path / "games") == 2000
    assert_clean(tmp_path)


def die_at(call, path, number):
    """Save, and kill this process just before its nth call that touches the disk."""
    calls = iter(range(call + 1))

    def counted(function):
        def step(*args, **kwargs):
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    files.open = counted(open)
    save(path, number)


def test_a_kill_before_every_call(tmp_path):
    """What random kills may miss: each call of the save in turn is the last one."""
    path = tmp_path / "games.json"
    save(path, 0)
    current, seen, left, number = 0, [], Counter(), 0
    while True:
        number += 1
        killed = wait(fork(die_at, number - 1, path, number))
        found = load(path)
        assert found in (current, number)
        seen.append(found == number)
        left.update(leftovers(tmp_path))
        save(path, number + 1000)  # the next saver cleans up whatever it was
        assert_clean(tmp_path)
        current = number + 1000
        if not killed:
            break
    assert len(seen) > 12  # four opens, four fsyncs, two renames, two deletions and the lock
    assert seen == sorted(seen)  # the old model up to the rename of the card, then the new
    assert seen.count(False) > 5
    assert seen.count(True) > 2
    assert {"lock", "tmp", "joblib"} <= set(left)


def test_what_a_card_names_is_on_the_disk_before_it(tmp_path, monkeypatch):
    """A power cut: the order of the calls that make files and names durable."""
    save(tmp_path / "games", 1)
    first = read_card(tmp_path / "games")["file"]
    calls = []

    def recorded(name, describe):
        function = getattr(os, name)

        def step(*args, **kwargs):
            calls.append((name, describe(*args)))
            return function(*args, **kwargs)

        monkeypatch.setattr(os, name, step)

    def kind(descriptor):
        return "folder" if os.path.isdir(f"/dev/fd/{descriptor}") else "file"

    recorded("fsync", kind)
    recorded("replace", lambda source, target: Path(target).name)
    recorded("unlink", lambda path: Path(path).name)
    save(tmp_path / "games", 2)
    second = read_card(tmp_path / "games")["file"]
    calls = [call for call in calls if not call[1].endswith(".tmp")]
    assert calls == [
        ("fsync", "file"),
        ("replace", second),
        ("fsync", "folder"),
        ("fsync", "file"),
        ("replace", "games.json"),
        ("fsync", "folder"),
        ("unlink", first),
        ("unlink", ".games.lock"),
    ]


def save_often(path, numbers):
    for number in numbers:
        save(path, number)


def test_readers_and_two_savers_at_once(tmp_path):
    path = tmp_path / "games.json"
    save(path, 0)
    savers = [fork(save_often, path, range(n, n + 150)) for n in (1000, 2000)]
    seen, alive = [], set(savers)
    while alive:
        seen.append(load(path))
        alive = {child for child in alive if os.waitpid(child, os.WNOHANG) == (0, 0)}
    assert {number // 1000 for number in seen} >= {1, 2}
    assert len(set(seen)) > 10
    for saver in (1, 2):  # each saver's models come in the order in which it saved them
        own = [number for number in seen if number // 1000 == saver]
        assert own == sorted(own)
    assert load(path) == read_card(path)["scores"]["number"]
    assert load(path) in (1149, 2149)
    assert_clean(tmp_path)


def test_a_reader_whose_file_has_gone_reads_the_card_again(tmp_path, monkeypatch):
    path = tmp_path / "games"
    cards = []
    for number in range(3):
        save(path, number)
        cards.append(read_card(path))
    stale = iter(cards)
    monkeypatch.setattr(persistence, "read_card", lambda _: next(stale))
    assert load(path) == 2
    assert next(stale, None) is None


def test_a_waiter_does_not_take_a_lock_that_was_deleted(tmp_path):
    """Savers that wait for one lock file must meet at the next one, not each hold a deleted one."""
    lock = tmp_path / ".games.lock"
    held = tmp_path / "held"

    def hold():
        for _ in range(100):
            with files._locked(lock):
                held.mkdir()  # fails if another process holds the lock
                held.rmdir()

    for child in [fork(hold) for _ in range(6)]:
        assert wait(child) == 0
    assert list(tmp_path.iterdir()) == []


def test_only_files_of_this_name_that_no_card_names_are_pruned(tmp_path):
    for name in ("games-large", "games-0123456789abcdef", "game"):
        save(tmp_path / name, 1)
    others = ["games-0123456789abcde.joblib", "games-0123456789abcdeg.joblib", "games.joblib"]
    others += ["games-large-0123456789abcdef.joblib"]  # whose card is not written yet
    others += ["xgames-0123456789abcdef.joblib", "games-0123456789abcdef.pkl", "other.json"]
    for name in others:
        (tmp_path / name).write_text("7")
    save(tmp_path / "games", 1)
    (tmp_path / "copy.json").write_bytes((tmp_path / "games.json").read_bytes())
    before = {path.name for path in tmp_path.iterdir()}
    assert before > set(others)
    (tmp_path / "games-0123456789abcdef.joblib").touch()
    (tmp_path / "games-0123456789abcdef.skops").touch()
    save(tmp_path / "games", 2)
    new = {read_card(tmp_path / "games")["file"]}
    assert {path.name for path in tmp_path.iterdir()} == before | new
    assert load(tmp_path / "copy") == 1
    assert [load(tmp_path / f"games-{name}") for name in ("large", "0123456789abcdef")] == [1, 1]


def test_nothing_is_pruned_where_a_card_cannot_be_read(tmp_path):
    path = tmp_path / "games"
    save(path, 1)
    (tmp_path / "folder.json").mkdir()
    save(path, 2)
    assert len(list(tmp_path.glob("games-*.joblib"))) == 2
    (tmp_path / "folder.json").rmdir()
    save(path, 3)
    assert_clean(tmp_path)


def test_saving_the_same_model_again_heals_its_file(tmp_path):
    path = tmp_path / "games"
    save(path, 1)
    file = tmp_path / read_card(path)["file"]
    file.write_bytes(b"damaged")
    save(path, 1)
    assert load(path) == 1
    assert_clean(tmp_path)


if __name__ == "__main__":
    print(json.dumps(kill_savers(Path(sys.argv[1], "games.json"), int(sys.argv[2]))))
