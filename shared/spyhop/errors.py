"""What can go wrong, by who must act.

`InvalidRequest`: the caller.  `ArtifactError`: whoever published.  `ConfigError`:
whoever deployed.  `StoreUnavailable`: nobody, retry later.  `Conflict`: someone else
moved first.  None of them knows about HTTP; `http_reply.py` holds that one table.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

RequestFault = Literal["body", "size", "rows", "type", "accept", "name"]


class Problem(NamedTuple):
    """One thing wrong with one cell: `row` counts from 0, `column` is None for a whole row.

    `reason` is for people, `code` for programs: it stays when the words change.
    """

    row: int | None
    column: str | None
    reason: str
    code: str = "cannot_compute"

    def __str__(self) -> str:
        where = "instances" if self.row is None else f"rows[{self.row}]"
        return f"{where}{'' if self.column is None else '.' + self.column}: {self.reason}"


class SpyhopError(Exception):
    """Base of every error spyhop raises on purpose."""


class InvalidRequest(SpyhopError):
    """The caller sent something this model does not take.

    `fault` says what kind: "body" (not what we expect), "size" (over a limit), "type" (a format
    that is not read), "accept" (one that is not written), "name" (another model's) or "rows"
    (`problems` lists the refused cells; `more` says that the list stops at the first 100).
    """

    def __init__(
        self,
        message: str,
        *,
        fault: RequestFault = "body",
        problems: Sequence[Problem] = (),
        more: bool = False,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.problems = tuple(problems)
        self.more = more


class ArtifactError(SpyhopError):
    """A bundle, or a file of one, is not what it should be; whoever published it must act."""


class ConfigError(SpyhopError):
    """The deployment asks for something that is not there; whoever deployed must act."""


class StoreUnavailable(SpyhopError):
    """The store did not answer; the same call may go through later."""


class Conflict(SpyhopError):
    """Someone else wrote first; nothing was changed."""
