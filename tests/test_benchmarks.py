"""The harness of the benchmarks. No timing is asserted; tests/docs/test_figures.py checks the pages."""

import sys

import numpy as np
import pytest

from benchmarks import scale, web
from benchmarks._harness import compare, peak_mb, seconds
from benchmarks._load import ServerError, load_by_python, serving
from examples.games.data import budget_of, load_games


def test_both_are_called_in_turn_and_their_answers_compared():
    calls, seen = [], []
    row = compare(
        "a claim",
        lambda: calls.append("ours") or 1,
        lambda: calls.append("peer") or 2,
        peer_name="peer",
        repeats=3,
        agree=lambda mine, theirs: seen.append((mine, theirs)),
    )
    assert seen == [(1, 2)]
    assert calls[:2] == ["ours", "peer"]
    assert {"ours", "peer"} == set(calls)
    assert row.ratio > 0
    assert row.as_dict()["claim"] == "a claim"


def test_answers_that_differ_stop_the_benchmark():
    with pytest.raises(AssertionError):
        compare("a claim", lambda: np.zeros(3), lambda: np.ones(3), agree=np.testing.assert_array_equal)


def test_without_a_peer_there_is_no_ratio():
    row = compare("a claim", lambda: None, None, repeats=1)
    assert row.ratio is None
    assert row.peer_ms is None


def test_memory_is_measured_where_the_system_tells():
    peak = peak_mb(lambda: np.ones(8_000_000))
    assert peak is None or 50 < peak < 90  # 64 MB, in units of 2**20 bytes: 61
    assert seconds(lambda: None) >= 0


def test_the_command_of_scale_measures_both_tasks(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "CHUNK", 2_000)
    monkeypatch.setattr(scale, "GAMES", 50)
    for task, target in scale.TARGET.items():
        scale.make(tmp_path / task, task, 2_000)
        assert target in next(iter(scale.scan_parquet(scale.files_for(tmp_path / task, 2_000)))).columns
        found = scale.measured(task, "fit_batches", tmp_path, 2_000)
        assert found["seconds"] > 0
        found = scale.measured(task, "peer", tmp_path, 1_000)
        assert "equal" in found["agree"]


def test_a_load_counts_the_answers_of_a_server_and_refuses_others():
    command = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.web:empty_site", "--port", "{port}"]
    with serving(command, "/empty") as server:
        found = load_by_python(f"{server.address}/empty", 0.3, 2)
        assert found.per_second > 10
        assert 0 < found.p50_ms <= found.p99_ms
        with pytest.raises(ServerError, match="404"):
            load_by_python(f"{server.address}/nothing", 0.3, 1)
    with pytest.raises(ServerError, match="does not answer"), serving([sys.executable, "-c", "1"], "/"):
        pass


def test_a_catalogue_that_is_made_up_is_like_the_real_one():
    made, real = web.made_up(50), load_games()
    assert made.height == 50
    assert set(made.columns) == set(real.columns)
    assert made["title"].n_unique() == 50
    assert all(budget_of(cost) == budget for cost, budget in made.select("cost", "budget").iter_rows())
