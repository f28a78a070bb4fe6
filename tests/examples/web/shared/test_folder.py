"""The data folder: other users of the computer can neither read nor plant anything in it."""

import os
import sys

import pytest
from fastapi.testclient import TestClient

from examples.games import __main__ as tavern
from examples.web import folder as folder_module
from examples.web.app import build_app
from examples.web.folder import FolderError, check_trusted, make_private, read_secret
from examples.web.live import LiveModel
from examples.web.login import check_password
from tests.examples.web.pages import HOME, PASSWORD

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")


@pytest.fixture
def data(site, tmp_path, monkeypatch):
    """Return the folder of a site that has run once."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
    with TestClient(build_app(site, tmp_path)):
        pass
    make_private(tmp_path, "demo")
    return tmp_path


def permissions(path):
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o770])
def test_a_folder_that_others_can_use_is_closed_and_said(data, caplog, mode):
    data.chmod(mode)
    make_private(data, "demo")
    assert permissions(data) == 0o700
    assert f"Other users of this computer could use {data}. Now, only the owner can." in caplog.messages


def test_a_database_that_others_can_read_is_closed(site, data, caplog, tmp_path_factory):
    database = data / "demo.sqlite"
    database.chmod(0o644)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "own.sqlite"
    elsewhere.touch(0o644)
    for url in (None, f"sqlite:///{elsewhere}"):
        build_app(site, data, url)
    assert permissions(database) == permissions(elsewhere) == 0o600
    assert sum("Now, only the owner can" in words for words in caplog.messages) == 2


def test_new_files_are_private(data):
    made = {path.name: permissions(path) for path in data.glob("demo.sqlite*")}
    assert made["demo.sqlite"] == permissions(data / "secret") == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_secret_that_others_could_read_or_write_is_replaced(site, data, caplog, mode):
    before = (data / "secret").read_text()
    (data / "secret").chmod(mode)
    app = build_app(site, data)
    assert app.secret == (data / "secret").read_text() != before
    assert permissions(data / "secret") == 0o600
    assert any("is replaced. Please log in again" in words for words in caplog.messages)


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff\xfe"])
def test_a_secret_that_is_empty_or_damaged_is_replaced(site, data, caplog, content):
    (data / "secret").write_bytes(content)
    app = build_app(site, data)
    assert len(app.secret) == 64
    assert read_secret(data) == app.secret
    assert f"{data / 'secret'} was empty or too short" in caplog.text


def test_a_model_that_others_could_write_is_trained_again(site, data, caplog):
    (planted,) = data.glob("demo-model-*.joblib")
    planted.chmod(0o666)
    planted.write_bytes(b"os.system")
    make_private(data, "demo")
    assert not planted.exists()
    assert "so the model is trained again" in caplog.text
    with TestClient(build_app(site, data), HOME) as browser:
        assert browser.get("/health").json()["status"] == "ok"


def test_no_model_is_loaded_from_a_folder_that_others_can_write(site, data, monkeypatch):
    app = build_app(site, data)
    loaded = []
    monkeypatch.setattr("examples.web.live.load_model", lambda *given, **more: loaded.append(given))
    data.chmod(0o777)
    live = LiveModel(site.learner, app.state.database, data / "demo-model.json")
    live.turn(at_once=True)
    assert loaded == []
    assert f"other users can write to '{data}', and a model file from them could run any code" in live.reason
    assert live.trainings == 0


def test_files_of_other_users_are_refused(data, monkeypatch):
    monkeypatch.setattr(folder_module.os, "geteuid", lambda: os.getuid() + 1)
    monkeypatch.setattr(folder_module, "ROOT_USER", -1)
    with pytest.raises(FolderError, match="belongs to another user of this computer"):
        make_private(data, "demo")
    with pytest.raises(FolderError, match="belongs to another user of this computer"):
        check_trusted(data, [])


def test_permissions_that_cannot_be_changed_are_refused(data, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(1, "Operation not permitted")

    data.chmod(0o777)
    monkeypatch.setattr("pathlib.Path.chmod", refuse)
    with pytest.raises(FolderError, match=r"cannot be changed \(Operation not permitted\)"):
        make_private(data, "demo")


@pytest.mark.parametrize(
    ("given", "got"), [("", "an empty one"), ("   ", "an empty one"), ("x", "1"), (" 1234567 ", "7")]
)
def test_a_short_password_is_refused_before_anything_starts(
    site, monkeypatch, tmp_path, capsys, caplog, given, got
):
    words = f"_ADMIN_PASSWORD must have at least 8 characters. Got {got} instead."
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", given)
    monkeypatch.setenv("TAVERN_ADMIN_PASSWORD", given)
    monkeypatch.setenv("TAVERN_DATA", "")
    with pytest.raises(ValueError, match=words):
        build_app(site, tmp_path / "data")
    with pytest.raises(SystemExit) as stopped:
        tavern.main(["serve", "--data", str(tmp_path / "data")])
    assert stopped.value.code == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "data").exists()


def test_a_password_of_eight_characters_or_none_is_allowed():
    check_password("12345678", "X")
    check_password(None, "X")


def test_the_command_makes_private_files(monkeypatch, tmp_path):
    import uvicorn

    given = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: given.append(os.umask(0o022)))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("TAVERN_DATA", "")
    before = os.umask(0o022)
    tavern.main(["serve", "--port", "0", "--data", str(tmp_path)])
    assert (given, os.umask(before)) == ([0o077], 0o022)
