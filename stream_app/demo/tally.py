"""The books of the demo: what was sent, what came back for it, and whether the two add up. No I/O."""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Any

from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.review import ReviewTask
from stream_app.shares import outcomes

# A message is delivered again only shortly after it was answered, so older traces and ids may be forgotten.
REMEMBERED = 50_000
LATENCIES = 20_000
RATE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision as the view shows it. ``latency_ms`` is from the message's Kafka time to the decision's."""

    decision: Decision
    text: str
    latency_ms: float
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class _Sent:
    text: str
    at_ms: int


class Tally:
    """Counts messages by what came back for them; every message is counted once, whatever is delivered again."""

    def __init__(self) -> None:
        self.sent = 0
        self.decisions = 0
        self.repeats = 0
        self.deletions = 0
        self.dead_letters = 0
        self.delivered_again = 0
        self.verdicts: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.review_why: Counter[str] = Counter()
        self.dead_reasons: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.latest: deque[Answer] = deque(maxlen=50)
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._times: deque[float] = deque()
        self._open: dict[str, _Sent] = {}
        self._answered = _Memory(REMEMBERED)
        self._decision_ids = _Memory(REMEMBERED)
        self._action_ids = _Memory(REMEMBERED)
        self._task_ids = _Memory(REMEMBERED)

    @property
    def answered(self) -> int:
        """Messages that something came back for."""
        return self.decisions + self.repeats + self.deletions + self.dead_letters

    @property
    def unanswered(self) -> int:
        """Messages that nothing has come back for yet."""
        return len(self._open)

    @property
    def adds_up(self) -> bool:
        """Whether everything that was sent is accounted for."""
        return self.sent == self.answered and not self._open

    def equation(self) -> str:
        """The books in one line."""
        sign = "=" if self.adds_up else "≠"
        return (
            f"{self.sent} sent {sign} {self.decisions} new decisions + {self.repeats} repeats"
            f" + {self.deletions} deletions + {self.dead_letters} dead letters"
        )

    def send(self, trace: str, text: str, at_ms: int) -> None:
        """A message was handed to Kafka."""
        self.sent += 1
        self._open[trace] = _Sent(text, at_ms)

    def decision(self, trace: str, decision: Decision | None, at_ms: int, now: float) -> None:
        """A record of ``decisions`` came; None is the tombstone of a deleted item. ``now`` is monotonic."""
        sent = self._take(trace, now)
        if sent is None:
            return
        if decision is None:
            self.deletions += 1
            return
        is_repeat = not self._decision_ids.add(decision.decision_id)
        if is_repeat:
            self.repeats += 1
        else:
            self.decisions += 1
            self.verdicts[decision.verdict] += 1
            self.levels[decision.level] += 1
            self.languages[decision.language] += 1
        latency = max(0.0, float(at_ms - sent.at_ms))
        self._latencies.append(latency)
        self.latest.append(Answer(decision, sent.text, latency, is_repeat))

    def dead_letter(self, trace: str, letter: DeadLetter, now: float) -> None:
        """A dead letter came."""
        if self._take(trace, now) is not None:
            self.dead_letters += 1
            self.dead_reasons[letter.error.partition(":")[0]] += 1

    def action(self, action: EnforcementAction) -> None:
        """An action came; the same one twice is one."""
        if self._action_ids.add(action.action_id):
            self.actions[action.kind] += 1

    def review(self, task: ReviewTask) -> None:
        """A review task came."""
        if self._task_ids.add(task.task_id):
            self.review_why[cause(task)] += 1

    def rate(self, now: float) -> float:
        """Answers a second over the last seconds."""
        while self._times and self._times[0] < now - RATE_SECONDS:
            self._times.popleft()
        return len(self._times) / RATE_SECONDS

    def latency_ms(self) -> dict[str, float]:
        """Percentiles of the latency; empty before the first decision."""
        ordered = sorted(self._latencies)
        if not ordered:
            return {}
        return {name: ordered[int(share * (len(ordered) - 1))] for name, share in _SHARES.items()}

    def summary(self) -> dict[str, Any]:
        """The books as JSON has them."""
        return {
            "sent": self.sent,
            "decisions": self.decisions,
            "repeats": self.repeats,
            "deletions": self.deletions,
            "dead_letters": self.dead_letters,
            "unanswered": self.unanswered,
            "adds_up": self.adds_up,
            "equation": self.equation(),
            "delivered_again": self.delivered_again,
            "verdicts": dict(self.verdicts.most_common()),
            "outcomes": outcomes(self.verdicts),
            "levels": dict(self.levels.most_common()),
            "languages": dict(self.languages.most_common()),
            "review_why": dict(self.review_why.most_common()),
            "dead_letter_reasons": dict(self.dead_reasons.most_common()),
            "actions": dict(self.actions.most_common()),
            "latency_ms": self.latency_ms(),
        }

    def _take(self, trace: str, now: float) -> _Sent | None:
        """The message that an answer is for, taken out of the open ones; None where it was answered before."""
        sent = self._open.pop(trace, None)
        if sent is None:
            if trace in self._answered:
                self.delivered_again += 1
            return None
        self._answered.add(trace)
        self._times.append(now)
        return sent


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class _Memory:
    """The last so many names."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._names: OrderedDict[str, None] = OrderedDict()

    def add(self, name: str) -> bool:
        """Remember a name; whether it is new."""
        if name in self._names:
            return False
        self._names[name] = None
        if len(self._names) > self._size:
            self._names.popitem(last=False)
        return True

    def __contains__(self, name: str) -> bool:
        return name in self._names


def cause(task: ReviewTask) -> str:
    """Why a person must look, in the words of somebody who sees this for the first time."""
    first = task.decision.reasons[0] if task.decision.reasons else None
    if task.why != "unsure" or first is None:
        return task.why
    if first.kind == "rule":
        return "rule or word list"
    return "close score" if first.label else "no evidence"
