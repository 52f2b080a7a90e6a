"""One scripted person: takes what comes and does with it what people do, also what they should not."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from stream_app.bench.process import BenchFailed

REQUEST_SECONDS = 60.0
PATIENCE_SECONDS = 240.0
_RETRY_SECONDS = 0.2
_PASSWORD = "four words in a row"  # noqa: S105 - of accounts that live as long as the benchmark

# What a person does with a task, and how often. The rest decides it.
ABANDON, SKIP, STALE, TWICE, UNDO = 0.03, 0.05, 0.05, 0.1, 0.05


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that a person was given. The earlier its task is due, the more urgent it is: all are alike otherwise."""

    seat: str
    task: str
    due: float  # like the next two, in seconds since the epoch
    asked: float
    at: float  # when the answer was there


@dataclass(slots=True)
class Findings:
    """What the service has promised to one person, and what it should not have done."""

    accepted: dict[str, str] = field(default_factory=dict)  # the seat of each label that was accepted and stands
    withdrawn: set[str] = field(default_factory=set)  # undone in time: must never be sent
    doubtful: set[str] = field(default_factory=set)  # asked to undo, the answer was not heard
    abandoned: list[tuple[str, float]] = field(default_factory=list)  # seat, when its lease ended
    taken: list[Taken] = field(default_factory=list)
    barred: set[str] = field(default_factory=set)  # tasks that this person skipped or has answered
    held: list[tuple[str, float, float]] = field(default_factory=list)  # seat, from when until when for certain
    takes: list[tuple[float, float]] = field(default_factory=list)  # when it was asked for, and how long it took
    done: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Reviewer:
    """A session of one person. ``calm`` people only decide."""

    def __init__(self, url: str, name: str, seed: int, think_seconds: float) -> None:
        self.name = name
        self.found = Findings()
        self.calm = False
        self._random = random.Random(seed)  # noqa: S311 - behavior, not secrets
        self._think = think_seconds
        self._client = httpx.Client(base_url=url, timeout=REQUEST_SECONDS, trust_env=False)

    def sign_in(self) -> None:
        """Begin the session."""
        answer = self._insist("/api/v1/session", {"name": self.name, "password": _PASSWORD})
        answer.raise_for_status()
        self._client.headers["x-csrf-token"] = answer.json()["csrf_token"]

    def work(self) -> bool:
        """Take a task and do something with it; false where there was none."""
        card = self._take()
        if card is None:
            return False
        sure = self._look_at(card)
        [do] = self._random.choices((self._abandon, self._skip, self._decide), (ABANDON, SKIP, 1 - ABANDON - SKIP))
        if self.calm or not sure:
            do = self._decide
        until = min(time.time(), datetime.fromisoformat(card["lease_until"]).timestamp())
        self.found.held.append((card["seat_id"], card["since"], until))
        do(card)
        return True

    def close(self) -> None:
        """End."""
        self._client.close()

    def _take(self) -> dict[str, Any] | None:
        asked, started = time.time(), time.perf_counter()
        answer = self._post("/api/v1/tasks/next", {})
        if answer is None or answer.status_code != httpx.codes.OK:
            return None
        self.found.takes.append((asked, time.perf_counter() - started))
        card: dict[str, Any] = answer.json()
        card["since"] = time.time()
        due = datetime.fromisoformat(card["due_at"]).timestamp()
        self.found.taken.append(Taken(card["seat_id"], card["task_id"], due, asked, card["since"]))
        self.found.done["taken"] += 1
        return card

    def _look_at(self, card: dict[str, Any]) -> bool:
        """For as long as people look at a task, with the signs of life that the page gives meanwhile.

        False where one of them was not heard or refused: nobody can say then until when the lease runs.
        """
        left, sure = self._moment(), True
        while left > card["heartbeat_seconds"]:
            time.sleep(card["heartbeat_seconds"])
            left -= card["heartbeat_seconds"]
            answer = self._post(f"/api/v1/seats/{card['seat_id']}/heartbeat", {"token": card["token"]})
            if answer is None or not answer.is_success:
                sure = False
            else:
                card["lease_until"] = answer.json()["lease_until"]
        time.sleep(left)
        return sure

    def _abandon(self, card: dict[str, Any]) -> None:
        """Go away without a word, and come back when the lease is over."""
        until = datetime.fromisoformat(card["lease_until"]).timestamp()
        self.found.abandoned.append((card["seat_id"], until))
        self.found.done["abandoned"] += 1
        time.sleep(max(0.0, until - time.time()) + 1.5)

    def _skip(self, card: dict[str, Any]) -> None:
        body = {"token": card["token"], "reason": "language"}
        answer = self._insist(f"/api/v1/seats/{card['seat_id']}/skip", body)
        self.found.done["skipped" if answer.is_success else "skip refused"] += 1
        self.found.barred.add(card["task_id"])

    def _decide(self, card: dict[str, Any]) -> None:
        address = f"/api/v1/seats/{card['seat_id']}/decision"
        remove = self._random.random() < 0.4
        body = {
            "token": card["token"], "verdict": "remove" if remove else "allow",
            "labels": ["toxicity"] if remove else [], "seconds": 1.0,
        }  # fmt: skip
        if self._random.random() < STALE and not self.calm:
            self._stale(address, body)
        answer = self._insist(address, body)
        if not answer.is_success:
            self.found.done["decision refused"] += 1  # the lease ran out while the service was away
            return
        label: str = answer.json()["label_id"]
        self.found.accepted[label] = card["seat_id"]
        self.found.barred.add(card["task_id"])
        self.found.done["decided"] += 1
        if self._random.random() < TWICE:
            self._again(address, body, label)
        if self._random.random() < UNDO and not self.calm:
            self._undo(label)

    def _stale(self, address: str, body: dict[str, Any]) -> None:
        """With the token of an earlier lease."""
        answer = self._post(address, body | {"token": body["token"] - 1})
        if answer is not None and answer.is_success:
            self.found.wrong.append("an old token was accepted")
        self.found.done["old token"] += 1

    def _again(self, address: str, body: dict[str, Any], label: str) -> None:
        answer = self._post(address, body)
        if answer is not None and answer.is_success and answer.json()["label_id"] != label:
            self.found.wrong.append("a double submit made a second label")
        self.found.done["submitted twice"] += 1

    def _undo(self, label: str) -> None:
        time.sleep(self._moment())
        self.found.doubtful.add(label)
        answer = self._post(f"/api/v1/labels/{label}/undo", None)
        if answer is None or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return
        self.found.doubtful.discard(label)
        if answer.is_success:
            self.found.done["undone"] += 1
            if answer.json()["in_time"]:  # else it was sent, and a message withdraws it
                del self.found.accepted[label]
                self.found.withdrawn.add(label)

    def _insist(self, address: str, body: dict[str, Any]) -> httpx.Response:
        """Ask until there is an answer, as a page does when the connection is lost."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            answer = self._post(address, body)
            if answer is not None and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            time.sleep(_RETRY_SECONDS)
        raise BenchFailed(f"{address} had no answer for {PATIENCE_SECONDS:g} s")

    def _post(self, address: str, body: dict[str, Any] | None) -> httpx.Response | None:
        """The answer; None where the service is away."""
        try:
            answer = self._client.post(address, json=body)
        except httpx.HTTPError:
            self.found.done["no answer"] += 1
            time.sleep(_RETRY_SECONDS)
            return None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.found.done[f"status {answer.status_code}"] += 1
        return answer

    def _moment(self) -> float:
        return min(self._random.expovariate(1 / self._think), 3 * self._think) if self._think else 0.0


def password() -> str:
    """What all of them sign in with."""
    return _PASSWORD
