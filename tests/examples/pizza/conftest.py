"""The week's trained model, behind the command line."""

import pytest

from examples.pizza import __main__ as command_line
from examples.pizza import commands
from examples.pizza.model import train


@pytest.fixture(scope="session")
def trained():
    return train()


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Run the command line with the trained model in the place of the saved one."""
    monkeypatch.setattr(commands, "load_forecaster", lambda card, messages: trained)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        assert command_line.main(list(arguments)) == 0
        return capsys.readouterr().out

    return run
