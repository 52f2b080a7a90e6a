"""The path of a batch, top to bottom. Everything that an item goes through is called from here, in order."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from models.text.normalize import normalize
from stream_app.contracts.metrics import CACHE
from stream_app.errors import BadMessage
from stream_app.pipeline.classify import Cascade, classify
from stream_app.pipeline.evidence_spans import first_explainer
from stream_app.pipeline.history import Address, History, Ledger
from stream_app.pipeline.intake import Limits, read_content, read_ruling
from stream_app.pipeline.match import Bank, bank_key, content_key
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.recall import Recall
from stream_app.pipeline.settle import Case, Settler
from stream_app.pipeline.types import Assessment, Incoming, RawMessage
from stream_app.telemetry import Telemetry


class Moderator:
    """Decides batches. Holds what is loaded once; keeps nothing of a batch."""

    def __init__(
        self,
        *,
        policy: Policy,
        cascade: Cascade,
        recall: Recall,
        bank: Bank,
        limits: Limits,
        keyed_by_item: bool,
        rulings_topic: str,
        telemetry: Telemetry,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.cascade = cascade
        self._recall = recall
        self._bank = bank
        self._limits = limits
        self._keyed_by_item = keyed_by_item
        self._rulings_topic = rulings_topic
        self._telemetry = telemetry
        self._settler = Settler(policy, now, first_explainer(cascade))

    def moderate(
        self, messages: Sequence[RawMessage], lookup: Callable[[Sequence[Address]], Ledger]
    ) -> list[Outcome]:
        """One outcome a message, in order. ``lookup`` gives the ledger's entries of some addresses."""
        stage = self._telemetry.stage
        cases = [Case(message) for message in messages]
        with stage("decode"):
            for case in cases:
                _isolated("decode", self._decode_or_bury, case)
        with stage("ledger"):
            addresses = [case.address for case in cases if case.incoming]
            history = History(addresses, lookup(addresses))
        open_ = [case for case in cases if case.item and not history.settles(case.address, case.digest)]
        with stage("normalize"):
            for case in open_:
                _isolated("normalize", self._normalize, case)
        self._assess([case for case in open_ if not case.trouble])
        with stage("decide"):
            return [self._settler.settle(case, history) for case in cases]

    def _assess(self, cases: list[Case]) -> None:
        """Recall, match and classify; a text that stands in the batch twice is looked at once."""
        stage = self._telemetry.stage
        texts = {case.key: case.text.text for case in cases if case.text}
        with stage("recall"):
            found = self._recalled(list(texts))
        with stage("classify"):
            new = [key for key in texts if key not in found]
            scored = list(zip(new, classify([texts[key] for key in new], self.cascade), strict=True))
        with stage("remember"):
            self._recall.put_many(scored)
        with stage("match"):
            found.update(scored)
            for key, text in texts.items() if self._bank else ():
                if match := self._bank.get(bank_key(text)):
                    found[key] = replace(found[key], match=match)
        for case in cases:
            case.found = found[case.key]

    def _recalled(self, keys: list[bytes]) -> dict[bytes, Assessment]:
        known = zip(keys, self._recall.get_many(keys), strict=True)
        found = {key: assessment for key, assessment in known if assessment is not None}
        self._telemetry.count(CACHE, "hit", by=len(found))
        self._telemetry.count(CACHE, "miss", by=len(keys) - len(found))
        return found

    def _decode_or_bury(self, case: Case) -> None:
        case.take_in(self._read(case.message))

    def _read(self, message: RawMessage) -> Incoming:
        if message.origin.topic == self._rulings_topic:
            return read_ruling(message.value, message.headers, limits=self._limits)
        keyed = self._keyed_by_item
        return read_content(message.value, message.key, message.headers, limits=self._limits, keyed_by_item=keyed)

    def _normalize(self, case: Case) -> None:
        if case.item:
            case.text = normalize(case.item.text)
            case.key = content_key(case.text.text)


def _isolated(stage: str, step: Callable[[Case], None], case: Case) -> None:
    """Run one stage of one message; what goes wrong is this message's trouble alone."""
    try:
        step(case)
    except BadMessage as error:
        case.trouble = error
    except Exception as error:  # noqa: BLE001 - one message's trouble must not become its neighbours'
        case.trouble = BadMessage("internal", f"{type(error).__name__}: {error}", stage=stage)
