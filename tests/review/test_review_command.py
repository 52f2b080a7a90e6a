"""``weir review``: the first start, and accounts from the command line."""

import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest
from typer.testing import CliRunner

from human_review.commands.review import app
from human_review.people import tokens
from human_review.people.sign_in import sign_in
from human_review.service import open_service
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
