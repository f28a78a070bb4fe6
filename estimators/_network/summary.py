"""A network as a table, and as a graph in Mermaid."""

import math

from estimators._network.layers import ActivationLayer, Dense, Dropout, Layer, LeakyReLU, Logistic, ReLU, Tanh
from estimators._network.network import Network

TITLES = {ReLU: "ReLU", LeakyReLU: "LeakyReLU", Tanh: "tanh", Logistic: "logistic"}


def as_table(network: Network, output: str) -> str:
    """Return layer, output shape, parameters and memory of each layer, and totals, as text."""
    width = network.parameters.itemsize
    rows = [("layer", "output shape", "parameters", "memory")]
    for name, n_out, count in described(network, output):
        rows.append((name, f"(n, {n_out})", f"{count:,}", in_bytes(count * width)))
    total = len(network.parameters)
    rows.append((f"total, {network.parameters.dtype}", "", f"{total:,}", in_bytes(total * width)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(w) if i < 2 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def as_mermaid(network: Network, output: str) -> str:
    """Return a top-down flowchart in Mermaid."""
    lines = ["flowchart TD", f'    n0["input<br/>{network.sizes[0]}"]']
    for i, (name, n_out, count) in enumerate(described(network, output), start=1):
        parameters = f"<br/>{count:,} parameters" if count else ""
        lines += [f'    n{i}["{name}<br/>{n_out}{parameters}"]', f"    n{i - 1} --> n{i}"]
    return "\n".join(lines)


def described(network: Network, output: str) -> list[tuple[str, int, int]]:
    """Return name, number of outputs and number of parameters of each layer, in order."""
    layers = [
        (title(layer), layer.n_out, sum(map(math.prod, layer.parameter_shapes.values())))
        for layer in network.layers
    ]
    return [*layers, (output, network.sizes[-1], 0)]


def title(layer: Layer) -> str:
    """Return the name of a layer."""
    if isinstance(layer, Dropout):
        return f"Dropout {layer.threshold / 2**16:.3g}"
    if isinstance(layer, Dense):
        return f"Dense {layer.n_in} -> {layer.n_out}"
    return TITLES[type(layer)] if isinstance(layer, ActivationLayer) else "BatchNorm"


def in_bytes(n: float) -> str:
    """Return a number of bytes with its unit."""
    for unit in ("B", "KiB", "MiB"):
        if n < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.1f} GiB"
