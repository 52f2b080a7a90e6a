"""The worker with something broken in its path: ``WEIR_TEST_BREAK`` is ``hang`` or ``raise FOLDER``.

``raise`` fails once on each message of every other partition whose offset ends in 50, and notes that in the folder,
so that the batch passes when it is delivered again.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from stream_app.pipeline.history import Address, Ledger
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.types import RawMessage
from stream_app.worker import main

how, _, folder = os.environ["WEIR_TEST_BREAK"].partition(" ")
whole = Moderator.moderate


def broken(
    self: Moderator, messages: Sequence[RawMessage], lookup: Callable[[Sequence[Address]], Ledger]
) -> list[Outcome]:
    if how == "hang":
        threading.Event().wait()
    for message in messages:
        note = Path(folder, f"{message.origin.partition}-{message.origin.offset}")
        if message.origin.partition % 2 == 0 and message.origin.offset % 100 == 50 and not note.exists():
            note.touch()
            raise RuntimeError("the model failed")
    return whole(self, messages, lookup)


Moderator.moderate = broken  # type: ignore[method-assign] # broken on purpose
sys.exit(main())
