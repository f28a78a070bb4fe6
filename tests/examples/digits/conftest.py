"""The digits' trained model, and small data in MNIST's format."""

import struct

import numpy as np
import pytest

from examples.digits import __main__ as command_line
from examples.digits.data import load_bundled
from examples.digits.model import train


@pytest.fixture(scope="session")
def trained():
    return train()


@pytest.fixture
def run(trained, monkeypatch, capsys):
    """Run the command line with the trained model in the place of the saved one."""
    monkeypatch.setattr(command_line, "load_recogniser", lambda card, messages: trained)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        assert command_line.main(list(arguments)) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture(scope="session")
def few():
    return load_bundled().only(300)


@pytest.fixture
def mnist(tmp_path):
    """Return a folder of four small files as their format is described."""
    for part, n in (("train", 300), ("t10k", 60)):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
        header = struct.pack(">4I", 0x803, n, 28, 28)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(header + pixels.tobytes())
        digits = bytes(i % 10 for i in range(n))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, n) + digits)
    return tmp_path
