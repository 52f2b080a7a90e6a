"""Errors, each with the fate that its catcher must give it.

WeirError
├── BadMessage      bury the message in dead letters and go on with its neighbours
├── Unavailable     a part is down: go on without it, in the degraded mode that the policy names
├── Unreachable     a service did not answer: commands exit with status 3, the worker exits and is restarted
├── Fenced          another worker owns the partition now: exit without writing anything more
├── PoisonFlood     too much unreadable input: stop consuming and alert, bury no more
└── ConfigError     wrong use or configuration: do not start, exit with status 2
"""

from pathlib import Path


class WeirError(Exception):
    """Base of every error that this system raises on purpose."""


class BadMessage(WeirError):
    """The bytes of one message cannot be decided.

    ``reason`` is one of the documented dead-letter reasons (``json``, ``schema``, ``encoding``, …), bounded
    so that it can be a metric label. ``detail`` says what would have worked and never quotes the text.
    """

    def __init__(self, reason: str, detail: str, *, stage: str = "decode") -> None:
        super().__init__(f"{stage}: {reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.stage = stage


class Unavailable(WeirError):
    """A part of the path is down (``part`` names it); the path goes on without it and says so."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"{part} is unavailable: {why}")
        self.part = part
        self.why = why


class Unreachable(WeirError):
    """A service that this process cannot work without did not answer."""


class Fenced(WeirError):
    """Another worker has taken the partition over; nothing more may be written for it by this process."""


class PoisonFlood(WeirError):
    """The share of unreadable messages in a partition passed the limit."""


class ConfigError(WeirError):
    """A setting, policy or cascade is wrong. Always names the file (or environment) and the key."""

    def __init__(self, where: str | Path, key: str, problem: str) -> None:
        super().__init__(f"{where}: {key}: {problem}")
        self.where = str(where)
        self.key = key
        self.problem = problem
