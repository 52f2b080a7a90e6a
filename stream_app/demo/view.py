"""What the demo shows: a live screen on a terminal, plain lines anywhere else, and the summary at the end."""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from stream_app.demo.tally import Answer, Tally
from stream_app.demo.text import shown
from stream_app.shares import as_shares, outcomes

COLORS = {"allow": "green", "limit": "yellow", "remove": "red", "review": "cyan"}
PLAIN_EVERY = 25
ROWS_AT_MOST = 24
# Everything on the screen but the rows of the table.
OTHER_LINES = 21
NOTES = 2


@dataclass(frozen=True, slots=True)
class Place:
    """What runs where, and how much there is to send (None: without end)."""

    broker: str
    worker: str
    metrics: str
    log: str
    total: int | None


class View(Protocol):
    """How the demo is shown."""

    def step(self, what: str) -> None:
        """A step of the start."""

    def begin(self, place: Place) -> None:
        """The stream begins."""

    def update(self, tally: Tally, now: float) -> None:
        """Show how things stand; called often."""

    def note(self, what: str) -> None:
        """Something happened that must not be missed."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class PlainView:
    """A line a step, and one for every 25 answers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0
        self._total: int | None = None

    def step(self, what: str) -> None:
        """One line."""
        self._print(f"{what} …")

    def begin(self, place: Place) -> None:
        """The places."""
        self._total = place.total
        for line in (place.broker, place.worker, f"metrics {place.metrics}", f"worker's log {place.log}"):
            self._print(line)

    def update(self, tally: Tally, now: float) -> None:
        """A line for every 25 answers."""
        if tally.answered < self._shown + PLAIN_EVERY:
            return
        self._shown = tally.answered - tally.answered % PLAIN_EVERY
        of = f" of {self._total}" if self._total else ""
        latency = tally.latency_ms()
        self._print(
            f"{tally.answered}{of} answered: {_counts(tally.verdicts)}; {tally.repeats} repeats, "
            f"{tally.deletions} deletions, {tally.dead_letters} dead letters; {tally.rate(now):.0f}/s; "
            f"latency {_percentiles(latency)}"
        )
        if tally.latest:
            self._print(f"  latest: {_one_line(tally.latest[-1])}")

    def note(self, what: str) -> None:
        """One line."""
        self._print(f"! {what}")

    def close(self) -> None:
        """Nothing to leave."""

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveView:
    """A screen that is drawn anew several times a second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots", Text("starting"))
        self._live = Live(self._spinner, console=console, refresh_per_second=10, transient=True)
        self._live.start()
        self._place: Place | None = None
        self._notes: list[str] = []

    def step(self, what: str) -> None:
        """Beside the spinner, which stays below the screen until items are sent."""
        self._spinner.update(text=Text(f"{what} …"))
        self._live.refresh()

    def begin(self, place: Place) -> None:
        """From now on the screen is drawn by ``update`` alone."""
        self._place = place
        self._live.auto_refresh = False

    def update(self, tally: Tally, now: float) -> None:
        """Draw."""
        if self._place is None:
            return
        below = _bar(tally, self._place.total) if tally.sent else self._spinner
        parts = [_header(self._place), self._latest(tally), _totals(tally, now), below]
        parts += [Text(f"! {note}", style="bold yellow", overflow="ellipsis", no_wrap=True) for note in self._notes]
        self._live.update(Group(*parts), refresh=True)

    def note(self, what: str) -> None:
        """Kept on the screen."""
        self._notes = [*self._notes, shown(what, 400)][-NOTES:]

    def close(self) -> None:
        """The screen goes; what is printed next stays."""
        self._live.stop()

    def _latest(self, tally: Tally) -> Table:
        rows = max(3, min(ROWS_AT_MOST, self._console.size.height - OTHER_LINES))
        table = Table(expand=True, box=None, padding=(0, 1), header_style="dim")
        table.add_column("lang", width=7, no_wrap=True)
        table.add_column("text", ratio=5, no_wrap=True, overflow="ellipsis")
        table.add_column("verdict", width=8, no_wrap=True)
        table.add_column("label", width=9, no_wrap=True)
        table.add_column("score", width=5, justify="right")
        table.add_column("reason", ratio=4, no_wrap=True, overflow="ellipsis")
        table.add_column("ms", width=6, justify="right")
        latest = list(tally.latest)[-rows:]
        for answer in latest:
            table.add_row(*_row(answer))
        for _ in range(rows - len(latest)):
            table.add_row()
        return table


def make(console: Console, *, plain: bool) -> View:
    """The live screen on a terminal that can show it, plain lines elsewhere."""
    return PlainView(console) if plain or not console.is_terminal or console.is_dumb_terminal else LiveView(console)


def _header(place: Place) -> RenderableType:
    lines = Text(no_wrap=True, overflow="ellipsis")
    lines.append(place.broker + "\n")
    lines.append(place.worker + "\n")
    lines.append(f"metrics {place.metrics} · worker's log {place.log}", style="dim")
    return Panel(lines, title="weir demo", title_align="left", subtitle="for demonstration only", border_style="blue")


def _row(answer: Answer) -> list[RenderableType]:
    decision = answer.decision
    score = decision.scores.get(decision.label) if decision.label else max(decision.scores.values(), default=None)
    verdict = Text(decision.verdict, style=f"bold {COLORS[decision.verdict]}")
    reason = "a repeat: the same decision" if answer.is_repeat else _reasons(answer)
    return [
        Text(decision.language),
        Text(shown(answer.text)),
        verdict,
        Text(decision.label or "–"),
        Text("" if score is None else f"{score:.2f}"),
        Text(reason, style="dim"),
        Text(f"{answer.latency_ms:.0f}"),
    ]


def _totals(tally: Tally, now: float) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 2))
    for _ in range(5):
        table.add_column(ratio=1)
    latency = tally.latency_ms()
    stream = {
        "answers/s": f"{tally.rate(now):.0f}",
        **{f"{name} ms": f"{value:.0f}" for name, value in latency.items()},
    }
    table.add_row(
        _block("verdicts", tally.verdicts, COLORS),
        _block("for review because", tally.review_why),
        _block("actions", tally.actions),
        _block("dead letters", tally.dead_reasons),
        _lines("now", stream),
    )
    return table


def _block(title: str, counts: Counter[str], colors: dict[str, str] | None = None) -> Text:
    return _lines(title, {name: str(count) for name, count in counts.most_common(6)}, colors)


def _lines(title: str, values: dict[str, str], colors: dict[str, str] | None = None) -> Text:
    text = Text(title + "\n", style="bold", no_wrap=True, overflow="ellipsis")
    for name, value in values.items():
        style = (colors or {}).get(name, "default")
        text.append(f"{value:>6} ", style="not bold default")
        text.append(shown(name, 30) + "\n", style=f"not bold {style}")
    for _ in range(6 - len(values)):
        text.append("\n")
    return text


def _bar(tally: Tally, total: int | None) -> RenderableType:
    said = f" {tally.answered} answered, {tally.unanswered} on their way"
    if total is None:
        return Text(said + "; Ctrl-C ends the demo")
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(width=cell_len(said) + 8, no_wrap=True)
    grid.add_row(ProgressBar(total=max(1, total), completed=tally.answered), Text(f"{said} of {total}"))
    return grid


def _reasons(answer: Answer) -> str:
    found = answer.decision.reasons
    first = f"{found[0].kind}: {found[0].detail}" if found else ""
    more = f" (+{len(found) - 1})" if len(found) > 1 else ""
    return shown(first, 120) + more


def _one_line(answer: Answer) -> str:
    decision = answer.decision
    text = shown(answer.text, 60)
    return f"[{decision.language}] {decision.verdict} {decision.label or '–'} “{text}” ({_reasons(answer)})"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "nothing yet"


def _percentiles(latency: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0f} ms" for name, value in latency.items()) or "not known yet"


NEXT = """What next
  weir classify FILE         decide JSON lines without Kafka
  weir topics create         make the topics in your own Kafka (WEIR_KAFKA_BOOTSTRAP=host:9092)
  weir worker                run the worker against it
  weir policy explain        why a decision came out as it did
  docs/settings.md           every setting; weir settings prints those in force"""


def print_summary(console: Console, tally: Tally, facts: dict[str, str]) -> None:
    """The books, as they stand at the end."""
    lines = {
        "verdicts": _counts(tally.verdicts),
        "outcomes": as_shares(outcomes(tally.verdicts)),
        "decided by": as_shares(dict(tally.levels.most_common())),
        "for review because": _counts(tally.review_why),
        "actions": _counts(tally.actions),
        "dead letters": _counts(tally.dead_reasons),
        "languages": f"{len(tally.languages)}: {_counts(Counter(dict(tally.languages.most_common(12))))}",
        "latency": _percentiles(tally.latency_ms()) + " (sent to decided, by Kafka's timestamps)",
        **facts,
    }
    for name, value in lines.items():
        line = Text(f"{name:<20}", style="dim").append(value, style="not dim default")
        console.print(line, soft_wrap=True)
    style = "bold green" if tally.adds_up else "bold red"
    console.print(Text(f"\n{tally.equation()}", style=style), soft_wrap=True)
    console.print(f"\n{NEXT}", markup=False, highlight=False, soft_wrap=True)
