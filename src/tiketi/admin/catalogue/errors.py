"""What is wrong with a catalogue file, and where."""

from dataclasses import dataclass

from tiketi.kernel.errors import Kind, TiketiError

PROBLEMS_MAX = 50


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: line and column count from 1; ``path`` is like ``events[0].prices.VIP``."""

    line: int
    column: int
    path: str
    reason: str


class CatalogueInvalid(TiketiError):
    """A catalogue that nothing was taken from, with the first problems in the file's order."""

    code = "invalid_catalogue"
    kind = Kind.INVALID
    title = "The catalogue is not valid"

    def __init__(self, filename: str, problems: list[Problem]) -> None:
        self.filename = filename
        self.problems = tuple(sorted(set(problems))[:PROBLEMS_MAX])
        self.unlisted = len(set(problems)) - len(self.problems)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """``file:line:column: path: reason``, one a problem."""
        lines = [
            f"{self.filename}:{problem.line}:{problem.column}: "
            f"{problem.path + ': ' if problem.path else ''}{problem.reason}"
            for problem in self.problems
        ]
        if self.unlisted:
            lines.append(f"{self.filename}: and {self.unlisted} more")
        return lines
