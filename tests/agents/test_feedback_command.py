"""``weir feedback``: how it starts, and what it does without."""

import subprocess
import sys
from collections.abc import Sequence
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from stream_app.adapters.faust_process import EXIT_UNREACHABLE, EXIT_WRONG, main
from stream_app.commands import feedback
from stream_app.errors import ConfigError, Unreachable
from stream_app.feedback import feedback_settings
from stream_app.settings import Settings
from stream_app.supervisor import feedback_command


class FakeSupervisor:
    """Notes what it is to run and ends at once."""

    commands: ClassVar[list[Sequence[str]]] = []

    def __init__(self, command: Sequence[str], *, shutdown_seconds: float) -> None:
        self.commands.append(command)

    def run(self) -> int:
        return 0


def test_it_keeps_a_process_of_its_own_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "Supervisor", FakeSupervisor)
    assert CliRunner().invoke(feedback.app, []).exit_code == 0
    assert FakeSupervisor.commands == [feedback_command()]


def test_its_group_is_its_own() -> None:
    assert feedback_settings(Settings(consumer_group="moderators")).consumer_group == "moderators-feedback"


@pytest.mark.parametrize(
    ("problem", "status"),
    [(ConfigError("here", "key", "is wrong"), EXIT_WRONG), (Unreachable("x"), EXIT_UNREACHABLE)],
)
def test_its_exit_status_says_whether_starting_again_could_help(
    problem: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(settings: Settings) -> None:
        raise problem

    assert main(fail) == status
    assert capsys.readouterr().err == f"weir: {problem}\n"


def test_neither_it_nor_the_audit_command_loads_a_model() -> None:
    modules = "stream_app.feedback, human_review.commands.audit, human_review.audit.reading"
    assert not {"torch", "transformers"} & loaded_by(f"import {modules}")


def test_the_review_service_loads_neither_a_model_nor_faust() -> None:
    modules = "human_review.commands.review, human_review.stream.run, human_review.web.server"
    made = f"""
import tempfile, {modules}
from pathlib import Path
from human_review.testing import make_service
from human_review.web.app import create_app
with tempfile.TemporaryDirectory() as folder:
    service = make_service(Path(folder))
    create_app(service)
    service.database.close()
"""
    loaded = loaded_by(made)
    assert "fastapi" in loaded
    assert not {"torch", "transformers", "faust"} & loaded


def loaded_by(program: str) -> set[str]:
    """The packages that a program has loaded at its end."""
    program += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}
