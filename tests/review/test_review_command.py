"""``weir review``: the first start, and accounts from the command line."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from human_review.appeals import statements
from human_review.commands.review import app
from human_review.database.migrate import upgrade
from human_review.database.tables import unread
from human_review.people import tokens
from human_review.people.sign_in import sign_in
from human_review.service import open_service
from human_review.testing import make_review_task
from stream_app.contracts.decision import EnforcementAction, StatementOfReasons
from stream_app.settings import load
from stream_app.testing_kafka import free_ports


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("WEIR_") and not name.startswith("WEIR_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WEIR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WEIR_REVIEW_KAFKA", "false")
    return tmp_path


@pytest.fixture
def command(home):
    def run(*arguments, stdin=""):
        return CliRunner().invoke(app, arguments, input=stdin)

    return run


@pytest.fixture
def service(home, command):
    service = open_service(load())
    upgrade(service.database)
    yield service
    service.database.close()


def test_a_user_gets_the_password_that_was_given(command, service):
    made = command("add-user", "Kim", "--role", "lead", "--queue", "general", "--password-stdin",
                   stdin="seven quiet herons\n")  # fmt: skip
    assert (made.exit_code, made.output) == (0, "")
    assert sign_in(service, name="kim", password="seven quiet herons", address="")


def test_a_user_without_a_password_gets_one_for_one_use(command, service):
    made = command("add-user", "kim")
    assert sign_in(service, name="kim", password=made.output.strip(), address="")
    again = command("reset-password", "KIM").output.strip()
    assert again != made.output.strip()
    assert sign_in(service, name="kim", password=again, address="")


def test_a_token_is_printed_and_works(command, service):
    first, second = command("add-token", "platform").output.strip(), command("add-token", "platform").output.strip()
    assert first != second
    assert tokens.find(service, first).actor == tokens.find(service, second).actor


@pytest.mark.parametrize(
    "arguments",
    [["add-user", "kim", "--role", "boss"], ["add-user", ""], ["add-user", "a\nb"], ["reset-password", "nobody"],
     ["add-user", "kim", "--language", "english!"]],
)  # fmt: skip
def test_what_cannot_be_is_one_line_and_status_1(command, arguments):
    done = command(*arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("weir: ")
    assert done.stderr.count("\n") == 1


def test_the_messages_that_could_not_be_read_are_listed_the_oldest_first(command, service):
    assert command("unread", "--json").output == ""
    with service.database.write() as connection:
        connection.execute(unread.insert(), [
            {"topic": "appeals", "partition": 3, "position": 12, "problem": "schema `$.statement`", "at_ms": 2_000},
            {"topic": "review-queue", "partition": 0, "position": 7, "problem": "json\x1b[31m", "at_ms": 1_000},
        ])  # fmt: skip
    assert [json.loads(line) for line in command("unread", "--json").output.splitlines()] == [
        {"topic": "review-queue", "partition": 0, "offset": 7, "problem": "json\x1b[31m",
         "at": "1970-01-01T00:00:01Z"},
        {"topic": "appeals", "partition": 3, "offset": 12, "problem": "schema `$.statement`",
         "at": "1970-01-01T00:00:02Z"},
    ]  # fmt: skip
    head, first, second = command("unread").output.splitlines()
    assert head.split() == ["topic", "partition", "offset", "time", "problem"]
    assert first.split() == ["review-queue", "0", "7", "1970-01-01T00:00:01Z", "json?[31m"]
    assert second.split(maxsplit=4)[-1] == "schema `$.statement`"


def test_the_statements_of_a_span_are_exported_from_the_command_line(command, service):
    found = note_removal(service)
    today = datetime.now(UTC).date()
    day = timedelta(days=1)
    call, report = map(json.loads, command("export-dsa", f"{today - day}", f"{today + day}").output.splitlines())
    assert [each["puid"] for each in call["statements"]] == [found]
    assert report == {"exported": 1, "refused": []}
    before = command("export-dsa", "2020-01-01", "2020-01-02")
    assert (before.exit_code, json.loads(before.output)) == (0, {"exported": 0, "refused": []})


def note_removal(service):
    """Note that an item was removed a moment ago; returns the id of the decision."""
    decision = msgspec.structs.replace(make_review_task(1).decision, verdict="remove")
    content = msgspec.structs.replace(decision.origin, timestamp=time.time() - 60)
    said = StatementOfReasons(
        restriction="The item is not shown any more.", ground="Community rules, section 1: insults.",
        facts="An automatic check found toxic language in the text of the item.", automated_detection=True,
        automated_decision=True, redress="You can appeal within six months.",
    )  # fmt: skip
    action = EnforcementAction(
        action_id="action", decision_id=decision.decision_id, item_id=decision.item_id, kind="remove",
        reason="score", statement=said,
    )  # fmt: skip
    with service.database.write() as connection:
        statements.note(connection, service, action, msgspec.structs.replace(decision, origin=content))
    return decision.decision_id


@pytest.mark.parametrize(
    ("span", "status"), [(("2026-01-02", "2026-01-01"), 1), (("yesterday", "2026-01-01"), 2), (("2026-01-01",), 2)]
)
def test_a_span_that_is_none_is_not_exported(command, span, status):
    done = command("export-dsa", *span)
    assert (done.exit_code, done.stdout) == (status, "")


def test_the_first_start_prints_once_how_to_sign_in_and_serves(home):
    [port] = free_ports(1)
    said = start(port)
    name, password = re.search(r"as (\w+) with the password (\S+) \(shown this once\)", said).groups()
    assert f"http://127.0.0.1:{port}" in said
    assert name == "admin"
    assert len(password) >= 20
    assert "password" not in start(port, password=password)
    assert password.encode() not in b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())


def start(port, password=None):
    """Run the service until it answers and has let somebody in; returns what it printed."""
    code = "from human_review.commands.review import app; app()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, "--bind", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as browser:
            wait_for(browser, running)
            if password is not None:
                answer = browser.post("/api/v1/session", json={"name": "admin", "password": password})
                assert answer.json()["must_change_password"]
    finally:
        running.send_signal(signal.SIGTERM)
        out, problems = running.communicate(timeout=60)
    assert "Traceback" not in problems
    return out


def wait_for(browser, running):
    until = time.monotonic() + 120
    while running.poll() is None and time.monotonic() < until:
        try:
            if browser.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the service did not start")
