import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from stream_app.demo.samples import FOLDER, scripted
from stream_app.testing_kafka import wait_until

FAST = ("--rate", "250")
SECONDS = 120


def start(*arguments: str, **over: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "stream_app", "demo", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **over)


def finish(process: "subprocess.Popen[str]") -> tuple[str, str]:
    try:
        return process.communicate(timeout=SECONDS)
    finally:
        process.kill()


def wait_for(process: "subprocess.Popen[str]", word: str) -> str:
    """Read standard error up to the line with a word."""
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if word in line:
            return seen
    raise AssertionError(f"no line with {word!r} in:\n{seen}")


def worker_pid(seen: str) -> int:
    return int(seen.partition("worker: process ")[2].partition(",")[0])


def own_count() -> dict[str, int]:
    """What the script says must come out, counted without the demo's code."""
    items = [json.loads(line) for line in (FOLDER / "items.jsonl").read_text().splitlines()]
    events = [json.loads(line) for line in (FOLDER / "script.jsonl").read_text().splitlines()]
    kinds = [event["event"] for event in events]
    return {
        "sent": len(items) + len(events),
        "decisions": len(items) + kinds.count("edit"),
        "repeats": kinds.count("repeat"),
        "deletions": kinds.count("deletion"),
        "dead_letters": kinds.count("undecodable"),
    }


def test_the_scripted_demo_accounts_for_every_message() -> None:
    process = start("--exit-when-done", "--plain", "--json", *FAST)
    out, err = finish(process)
    assert process.returncode == 0, err
    summary = json.loads(out)
    expected = own_count()
    assert {name: summary[name] for name in expected} == expected
    assert summary["adds_up"]
    assert summary["unanswered"] == 0
    assert sum(summary["verdicts"].values()) == expected["decisions"]
    assert sum(summary["dead_letter_reasons"].values()) == expected["dead_letters"]
    assert 0 < summary["first_decision_seconds"] < 30
    assert set(summary["latency_ms"]) == {"p50", "p95", "p99"}
    equation = (
        f"{expected['sent']} sent = {expected['decisions']} new decisions + {expected['repeats']} repeats"
        f" + {expected['deletions']} deletions + {expected['dead_letters']} dead letters"
    )
    assert equation in err
    assert "first decision after" in err
    assert "weir worker" in err
    assert not Path(summary["log"]).parent.exists()


def test_an_item_of_ones_own_is_decided_and_a_line_that_is_none_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"item_id": "a", "text": "a cat"}\n\n{nope\n{"item_id": "a", "text": "a cat"}\n')
    process = start("--exit-when-done", "--json", "--items", str(file), *FAST)
    out, err = finish(process)
    assert process.returncode == 0, err
    summary = json.loads(out)
    assert (summary["sent"], summary["decisions"], summary["repeats"], summary["dead_letters"]) == (3, 1, 1, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_its_worker(number: int) -> None:
    process = start("--plain", "--json", "--rate", "20")  # what is on its way then is answered in time
    seen = wait_for(process, " answered: ")
    process.send_signal(number)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    summary = json.loads(out)
    assert summary["interrupted"]
    assert summary["adds_up"]
    assert gone(worker_pid(seen))


def test_the_scripted_demo_says_that_it_was_interrupted() -> None:
    process = start("--exit-when-done", "--plain", "--json", "--rate", "5")
    wait_for(process, "worker: process ")
    process.send_signal(signal.SIGINT)
    _, err = finish(process)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_its_console_opens_signed_in_on_the_queue_that_the_stream_fills() -> None:
    process = start("--plain", "--json", *FAST)
    try:
        seen = wait_for(process, "signed in once by this address: ")
        place, _, secret = seen.strip().rpartition(" ")[2].partition("/sign-in/link#")
        with httpx.Client(base_url=place, headers={"Origin": place}) as browser:
            assert browser.post("/sign-in/link", data={"secret": secret}).headers["location"] == "/"
            token = browser.get("/api/v1/session").json()["csrf_token"]
            card = wait_until(lambda: next_card(browser, token), 60, "a task of the stream")
        assert card["item_id"].startswith("sample-")
        assert browser_is_refused(place, secret)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = finish(process)
    assert process.returncode == 0, err
    assert "Traceback" not in err


def next_card(browser: httpx.Client, token: str) -> dict[str, Any] | None:
    answer = browser.post("/api/v1/tasks/next", json={}, headers={"X-CSRF-Token": token})
    return dict(answer.json()) if answer.status_code == 200 else None


def browser_is_refused(place: str, secret: str) -> bool:
    answer = httpx.post(f"{place}/sign-in/link", data={"secret": secret}, headers={"Origin": place})
    return answer.status_code == 401


def test_a_killed_worker_is_started_anew_and_the_books_still_add_up() -> None:
    process = start("--exit-when-done", "--plain", "--json", *FAST)
    seen = wait_for(process, " answered: ")
    os.kill(worker_pid(seen), signal.SIGKILL)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert "was killed by SIGKILL and was started anew" in err
    summary = json.loads(out)
    assert summary["worker_restarts"] == 1
    expected = own_count()
    assert {name: summary[name] for name in expected} == expected


def test_a_worker_that_cannot_start_ends_the_demo_and_the_log_is_named(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: nonsense\n")
    process = start("--exit-when-done", "--plain", "--json", *FAST, env={**os.environ, "WEIR_POLICY": str(policy)})
    out, err = finish(process)
    assert process.returncode == 1
    summary = json.loads(out)
    log = Path(summary["log"])
    try:
        assert str(log) in err
        assert "policy.yaml" in log.read_text()
    finally:
        log.unlink()
        log.parent.rmdir()


def test_a_worker_dies_with_a_demo_that_is_killed() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    process = start("--plain", "--json", *FAST)
    pid = worker_pid(wait_for(process, "worker: process "))
    process.kill()
    finish(process)
    end = time.monotonic() + 10
    while not gone(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert gone(pid)


def test_it_says_that_it_is_for_demonstration_only() -> None:
    out, _ = finish(start("--help", env={**os.environ, "COLUMNS": "200"}))
    assert "For demonstration only" in out


def test_every_event_on_an_item_comes_after_the_item() -> None:
    seen: set[bytes] = set()
    for message in scripted():
        row = message.value
        if b'"deleted":true' in row:
            assert message.key in seen
        seen.add(message.key)


def gone(pid: int) -> bool:
    try:
        return "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
