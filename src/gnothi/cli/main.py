"""The entry point: `gnothi COMMAND ...`.

Only what the chosen command needs is imported, so `gnothi --help` answers at once.
"""

import os
import sys
from typing import Annotated

import tyro
from tyro.conf import OmitArgPrefixes, OmitSubcommandPrefixes, subcommand

from gnothi.cli.agents import Agents
from gnothi.cli.card import Card, with_command
from gnothi.cli.conform import Conform
from gnothi.cli.label import Label
from gnothi.cli.records import Records
from gnothi.cli.redteam import RedTeam
from gnothi.cli.reproduce import Reproduce
from gnothi.cli.safety import Safety
from gnothi.cli.testbed import Testbed

Command = (
    Annotated[Testbed, subcommand("testbed")]
    | Annotated[Reproduce, subcommand("reproduce")]
    | Annotated[Records, subcommand("records")]
    | Annotated[Agents, subcommand("agents")]
    | Annotated[Conform, subcommand("conform")]
    | Annotated[Label, subcommand("label")]
    | Annotated[Card, subcommand("card")]
    | Annotated[Safety, subcommand("safety")]
    | Annotated[RedTeam, subcommand("redteam")]
)

ABOUT = """gnothi: models that know what they don't know.

Train agents on problems, score their joint predictions, show a leaderboard:
  gnothi testbed run --suite smoke --out runs/smoke
"""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command; what goes wrong is said in a paragraph, and `GNOTHI_DEBUG=1` shows where.

    Exits with 0, with 2 if the input was wrong, with 1 if the run could not go on, with 130 if it was stopped.
    """
    command = tyro.cli(
        Command,
        config=(OmitSubcommandPrefixes, OmitArgPrefixes),
        prog="gnothi",
        description=ABOUT,
        args=with_command(sys.argv[1:] if arguments is None else arguments),
    )
    try:
        command.run()
    except KeyboardInterrupt:
        _fail("Stopped.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError, ImportError) as error:
        if os.environ.get("GNOTHI_DEBUG"):
            raise
        if isinstance(error, OSError):
            _fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error), 1)
        _fail(str(error), 2)
    except RuntimeError as error:
        from gnothi.sweep import Stopped

        if os.environ.get("GNOTHI_DEBUG") or not isinstance(error, Stopped):
            raise
        _fail(str(error), error.status)


def _fail(message: str, status: int) -> None:
    print(f"gnothi: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
