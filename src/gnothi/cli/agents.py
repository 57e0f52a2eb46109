"""`gnothi agents`: what agents there are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Agents:
    """Lists the agents, with their hyper-parameters.

    Example: gnothi agents
    Example: gnothi testbed run --agents $(gnothi agents --sweep ensemble)
    """

    sweep: str | None = None
    """List the names of this agent's published sweep instead, one a line."""
    real: bool = False
    """With --sweep: the sweep that was published for real data."""

    def run(self) -> None:
        """Prints a table, or names."""
        from dataclasses import fields

        from rich.console import Console
        from rich.table import Table

        from gnothi.agents import AGENTS, sweep

        if self.sweep is not None:
            print("\n".join(sweep(self.sweep, real=self.real)))
            return
        table = Table("agent", "what it is", "hyper-parameters", title="Agents", title_justify="left")
        for name, agent in AGENTS.items():
            settings = ", ".join(f"{f.name}={getattr(agent, f.name)}" for f in fields(agent))  # type: ignore[arg-type]
            table.add_row(name, (agent.__doc__ or "").split("\n")[0], settings)
        Console().print(table)
