"""The page that says what the long tests came to, where and on which commit; ``make test-long`` writes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stream_app.bench.machine import machine

_HEAD = """# The promises at their stated size

What each test of `make test-long` came to when it was last run.
`pytest -m long --results docs/results/long.md` writes this page, also for some of them; do not edit.

| test | result | seconds | commit |
| --- | --- | --- | --- |
"""


class LongResults:
    """A pytest plugin. Beside the page lies its data as JSON lines; files that are not run keep what they had."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._found: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what one phase of a test came to; a test is as good as the worst of its phases."""
        row = self._found.setdefault(report.nodeid, {"test": report.nodeid, "result": "passed", "seconds": 0.0})
        row["seconds"] = round(row["seconds"] + report.duration, 1)
        if report.outcome != "passed":
            row["result"] = report.outcome

    def pytest_sessionfinish(self) -> None:
        """Write the page, unless nothing was run."""
        if not self._found:
            return
        facts = {name: value for name, value in machine().items() if name not in ("command", "load_average")}
        store = self._page.with_suffix(".jsonl")
        lines = store.read_text(encoding="utf-8").splitlines() if store.exists() else []
        run = {_file(name) for name in self._found}
        rows = [row for row in map(json.loads, lines) if _file(row["test"]) not in run]
        rows += [row | facts for row in self._found.values()]
        rows.sort(key=lambda row: row["test"])
        store.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        self._page.write_text(_markdown(rows), encoding="utf-8")


def _file(test: str) -> str:
    return test.partition("::")[0]


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"| `{row['test'].removeprefix('tests/')}` | {row['result']} | {row['seconds']} | {row['commit']} |"
        for row in rows
    ]
    machines = sorted({
        f"{row['cpu']}, {row['cores']} cores, {row['memory_gib']} GiB, {row['system']}, Python {row['python']}"
        for row in rows
    })  # fmt: skip
    return _HEAD + "\n".join([*lines, "", *(f"Machine: {each}" for each in machines), ""])
