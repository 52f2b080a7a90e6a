"""The demo's review console and what carries its labels back: two more processes, and a link that signs in."""

import secrets
import subprocess
import threading
import time
from pathlib import Path

from stream_app.demo.processes import DemoProcess, environment, free_port, weir

REVIEWER = "demo"
_LINK_MINUTES = "720"
_SECONDS = 60.0
_LOOK_SECONDS = 0.2


class ReviewConsole:
    """``weir review`` and ``weir feedback``. The demo goes on without them where they do not start.

    ``link`` is an address that signs the demo's reviewer in, once; empty while the console is not ready.
    """

    def __init__(self, bootstrap: str, topic_prefix: str, folder: Path) -> None:
        port, feedback_port = free_port(), free_port()
        self.link = ""
        self._variables = environment(bootstrap, topic_prefix, folder, review_bind=f"127.0.0.1:{port}")
        self.review = DemoProcess(weir("review"), self._variables, folder / "review.log", port)
        variables = environment(bootstrap, topic_prefix, folder, metrics_port=str(feedback_port))
        self.feedback = DemoProcess(weir("feedback", "--once"), variables, folder / "feedback.log", feedback_port)
        threading.Thread(target=self._make_link, name="demo-link", daemon=True).start()

    def stop(self, seconds: float) -> None:
        """End both."""
        self.review.stop(seconds)
        self.feedback.stop(seconds)

    def _make_link(self) -> None:
        ends = time.monotonic() + _SECONDS
        while not self.review.ready:
            if self.review.status is not None or time.monotonic() > ends:
                return
            time.sleep(_LOOK_SECONDS)
        # A password that nobody knows: the link is the only way in.
        self._weir("add-user", REVIEWER, "--role", "lead", "--password-stdin", given=secrets.token_urlsafe(32))
        self.link = self._weir("sign-in-link", REVIEWER, "--minutes", _LINK_MINUTES).strip()

    def _weir(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            weir("review", *arguments), env=self._variables, input=given, capture_output=True, text=True,
            timeout=_SECONDS, check=True,
        )  # fmt: skip
        return done.stdout
