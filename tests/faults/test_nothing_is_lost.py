"""Every acknowledged message ends in exactly one effective decision or in dead letters, whatever breaks meanwhile."""

import os
import platform
import random
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stream_app.adapters.trip import POINTS
from stream_app.contracts.topics import CONTENT
from stream_app.settings import Settings
from stream_app.testing_checker import check, look, report, wrong
from stream_app.testing_faults import DAMAGES, Crew, Worker, damage_stores
from stream_app.testing_kafka import KafkaBroker, wait_until
from stream_app.testing_load import Load, Rulings, effective

pytestmark = pytest.mark.broker

SEED = 20261122
# These need something beside messages to pass by.
SPECIAL = ("in-restore", "in-revoke")


@dataclass
class Run:
    """One run: a load, workers, and the faults that befall them."""

    broker: KafkaBroker
    settings: Settings
    crew: Crew
    chunk: int
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        self.load = Load(self.settings, SEED)
        self.rulings = Rulings(self.settings)
        self.started_at = time.monotonic()
        self.damaged = dict.fromkeys([*DAMAGES, "wiped"], 0)
        self.outages = 0

    def send(self) -> None:
        self.load.send(self.chunk)
        self.load.flush()

    def trip(self, point: str) -> None:
        """Arm one worker, give it work, and wait until it has killed itself."""
        self.stop_all()
        self.send()
        if point == "in-restore":
            self.damage("wiped")
        worker = self.crew.start(trip=point, trip_after=1 if point in SPECIAL else self.rng.randint(1, 3))
        if point == "in-revoke":
            self.wait_for_partitions(worker)
            self.crew.start()
        self.crew.trip(worker)
        self.stop_all()

    def kill_one(self) -> None:
        """Two workers at work; one of them dies, its place is taken."""
        self.crew.keep(2)
        self.send()
        time.sleep(self.rng.uniform(0.0, 2.5))
        self.crew.kill(self.rng.choice(self.crew.workers), "kill -9 at a random moment")
        self.crew.keep(2)

    def join_and_leave(self) -> None:
        """A second worker joins and leaves in order while there is work."""
        self.crew.keep(1)
        second = self.crew.start()
        self.send()
        self.wait_for_partitions(second)
        self.send()
        assert self.crew.stop(second) == 0, second.tail()

    def broker_down(self, seconds: float) -> None:
        """The broker dies with messages on their way, and comes back."""
        self.crew.keep(1)
        self.load.send(self.chunk)
        time.sleep(0.3)
        self.broker.kill()
        self.outages += 1
        time.sleep(seconds)
        self.broker.start()
        self.load.flush()
        self.crew.drained(90)

    def damage(self, how: str) -> None:
        """Damage the local store while nobody runs."""
        self.stop_all()
        self.damaged[how] += damage_stores(self.settings.data_dir, self.rng, how)

    def rule(self, number: int) -> None:
        """Rule on some decided items; the load leaves them alone but for repeats."""
        plain = set(self.load.plain) - self.rulings.by_item.keys()
        known = {name: found for name, found in effective(self.settings).items() if found and name in plain}
        chosen = self.rng.sample(sorted(known), min(number, len(known)))
        self.load.settled(chosen)
        self.rulings.send([known[name] for name in chosen if known[name]])

    def stop_all(self) -> None:
        """Kill whoever is left; nothing may depend on a shutdown in order."""
        for worker in list(self.crew.workers):
            self.crew.kill(worker)

    def wait_for_partitions(self, worker: Worker) -> None:
        wait_until(lambda: "assigned partitions=[" in worker.tail() or worker.status is not None, 60, "an assignment")

    def counts(self) -> dict[str, object]:
        self.crew.drained(240)
        self.crew.keep(0)
        return {
            **check(look(self.settings), self.load.acked, self.rulings.by_item, self.settings.topic(CONTENT)),
            "sent": dict(self.load.sent),
            "unknown": self.load.unknown,
            "broker_outages": self.outages,
            "stores_damaged": self.damaged,
            "ends": dict(sorted(self.crew.ends.items())),
            "seconds": round(time.monotonic() - self.started_at),
        }


def test_nothing_is_lost(broker: KafkaBroker, faulty: Settings, crew: Crew) -> None:
    run = Run(broker, faulty, crew, chunk=180)
    for point in POINTS:
        run.trip(point)
    crew.drained(60)
    run.rule(40)
    for how in DAMAGES:
        run.damage(how)
        run.send()
        crew.drained(60)
    run.broker_down(3)
    run.join_and_leave()
    run.kill_one()
    counts = run.counts()
    report("nothing-is-lost short", **counts)
    judge(counts, run, times=1, kills=1)


@pytest.mark.long
def test_nothing_is_lost_among_fifty_thousand(broker: KafkaBroker, faulty: Settings, crew: Crew) -> None:
    run = Run(broker, faulty, crew, chunk=600)
    for turn in range(3):
        for point in POINTS:
            run.trip(point)
        crew.drained(120)
        run.rule(100)
        for how in (*DAMAGES, "wiped"):
            run.damage(how)
            run.send()
            crew.drained(120)
        run.broker_down(10 if turn == 0 else 3)
        for _ in range(7):
            run.kill_one()
        for _ in range(2):
            run.join_and_leave()
    while (left := 50_000 - run.load.sent["new"]) > 0:
        run.chunk = left
        run.send()
    counts = run.counts()
    line = report("nothing-is-lost long", **counts)
    write_results(line, counts)
    judge(counts, run, times=3, kills=20)


def judge(counts: dict[str, object], run: Run, *, times: int, kills: int) -> None:
    """Nothing may be wrong, and every fault must have struck, or the run shows nothing."""
    assert wrong(counts) == {}  # type: ignore[arg-type] # the counts of a run are numbers by name
    assert counts["unknown"] == 0
    assert counts["poison"]
    assert counts["rulings"] == len(run.rulings.by_item) > 0
    ends = run.crew.ends
    assert {point: ends[f"trip {point}"] for point in POINTS} == dict.fromkeys(POINTS, times)
    assert ends["kill -9 at a random moment"] >= kills
    assert ends["SIGTERM, exit 0"] >= 1
    assert all(run.damaged.values()), run.damaged
    assert run.outages


def git(root: Path, *arguments: str) -> str:
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(["git", *arguments], cwd=root, env=env, capture_output=True, text=True).stdout.strip()


def write_results(line: str, counts: dict[str, object]) -> None:
    """Keep what the long run found, with the machine and the commit."""
    root = Path(__file__).resolve().parents[2]
    commit = git(root, "rev-parse", "HEAD")
    if git(root, "status", "--porcelain"):
        commit += ", with changes"
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ":")
    system = f"{platform.system()} {platform.release()}"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rows = "".join(f"| {name} | {found} |\n" for name, found in counts.items() if not isinstance(found, dict))
    ends = "".join(f"| {name} | {found} |\n" for name, found in counts["ends"].items())  # type: ignore[attr-defined] # the ends are counts by name
    text = f"""# Fault run

What `tests/faults/test_nothing_is_lost.py` found at its stated size. `make test-long` writes this page.

- machine: {cpu.partition(":")[2].strip()}, {os.cpu_count()} cores, {memory:.0f} GiB, {system}
- commit: {commit}
- command: `pytest -m long -s tests/faults/test_nothing_is_lost.py`, seed {SEED}

Each of these must be 0: lost, wrong_effective, wrong_partition, in_two_partitions, second_ids, unknown_items,
rulings_lost, dead_letters_missing, dead_letters_wrong, actions_missing, actions_torn, actions_of_nothing,
tasks_missing, tasks_twice. A repeated record carries the decision id of the first.

| count | |
|---|---|
{rows}
How the workers came to their ends:

| end | times |
|---|---|
{ends}
As the test printed it:

```json
{line}
```
"""
    (root / "docs" / "results").mkdir(parents=True, exist_ok=True)
    (root / "docs" / "results" / "faults.md").write_text(text)
