"""Descriptions of a network: a table and a Mermaid diagram."""

from estimators._network.network import Network, count


def as_table(network: Network, output: str) -> str:
    """Return a text table with the output shape, parameters and memory of each layer, and the totals."""
    width = network.parameters.itemsize
    rows = [("layer", "output shape", "parameters", "memory")]
    for name, n_out, size in described(network, output):
        rows.append((name, f"(n, {n_out})", f"{size:,}", in_bytes(size * width)))
    total = len(network.parameters)
    rows.append((f"total, {network.parameters.dtype}", "", f"{total:,}", in_bytes(total * width)))
    a, b, c, d = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f"{name:<{a}}  {shape:<{b}}  {n:>{c}}  {memory:>{d}}" for name, shape, n, memory in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def as_mermaid(network: Network, output: str) -> str:
    """Return the source of a top-down Mermaid flowchart."""
    lines = ["flowchart TD", f'    n0["input<br/>{network.sizes[0]}"]']
    for i, (name, n_out, n) in enumerate(described(network, output), start=1):
        parameters = f"<br/>{n:,} parameters" if n else ""
        lines += [f'    n{i}["{name}<br/>{n_out}{parameters}"]', f"    n{i - 1} --> n{i}"]
    return "\n".join(lines)


def described(network: Network, output: str) -> list[tuple[str, int, int]]:
    """Return the name, number of outputs and number of parameters of each layer, in order."""
    layers = [(layer.title, layer.n_out, count([layer.parameter_shapes])) for layer in network.layers]
    return [*layers, (output, network.sizes[-1], 0)]


def in_bytes(n: float) -> str:
    """Return a number of bytes as text with a unit."""
    for unit in ("B", "KiB", "MiB"):
        if n < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1024
    return f"{n:.1f} GiB"
