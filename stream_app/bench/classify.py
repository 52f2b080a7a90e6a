"""How fast ``weir classify`` decides a file, start included and without it."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stream_app.bench.process import BenchFailed
from stream_app.bench.workload import Workload


def classify(items: int, note: Callable[[str], None]) -> dict[str, Any]:
    """Decide so many distinct items of a file."""
    note(f"classify: {items} lines")
    start, start_cpu = _time(1)
    seconds, cpu = _time(items)
    return {
        "bench": "classify",
        "items": items,
        "seconds": round(seconds, 2),
        "start_seconds": round(start, 2),
        "items_per_second": round(items / seconds),
        "items_per_second_without_start": round(items / max(0.001, seconds - start)),
        "items_per_cpu_second_without_start": round(items / max(0.001, cpu - start_cpu)),
    }


def _time(items: int) -> tuple[float, float]:
    """Seconds on the clock and of processor time."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        file = Path(folder) / "items.jsonl"
        file.write_bytes(b"".join(value + b"\n" for _, value in Workload(items).rows()))
        before, started = _cpu(), time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "stream_app", "classify", str(file)], capture_output=True, check=False
        )
        seconds, cpu = time.monotonic() - started, _cpu() - before
    if done.returncode or done.stdout.count(b"\n") != items:
        raise BenchFailed(f"weir classify ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return seconds, cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
