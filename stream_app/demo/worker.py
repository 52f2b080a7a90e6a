"""The demo's worker, which is started anew when it ends by itself, as its supervisor would."""

import signal
from pathlib import Path

from stream_app.demo.processes import DemoProcess, environment
from stream_app.supervisor import worker_command

MAX_RESTARTS = 3
WRONG = 2


class WorkerFailed(Exception):
    """The worker ended and starting it again does not help."""


class WorkerProcess(DemoProcess):
    """``python -m stream_app.worker``. Nothing is lost when somebody kills it, which the demo shows."""

    def __init__(self, bootstrap: str, topic_prefix: str, folder: Path, metrics_port: int) -> None:
        self.restarts = 0
        variables = environment(bootstrap, topic_prefix, folder, metrics_port=str(metrics_port))
        super().__init__(worker_command(), variables, folder / "worker.log", metrics_port)

    def watch(self) -> str | None:
        """What happened to the worker since the last look; None while it runs.

        Raises WorkerFailed, which names the log, where it ends over and over.
        """
        status = self.status
        if status is None:
            return None
        if status == WRONG or self.restarts >= MAX_RESTARTS:
            raise WorkerFailed(
                f"the worker {_how(status)}; its log is {self.log} and ends with:\n{self.end_of_log()}"
            )
        self.restarts += 1
        self.restart()
        return f"the worker {_how(status)} and was started anew; what it had not answered is delivered again"


def _how(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
