"""What share of the decisions each outcome and each level has."""

from collections import Counter
from collections.abc import Mapping

import msgspec


def outcomes(verdicts: Mapping[str, int]) -> dict[str, int]:
    """Counts of allow, review and act; to limit and to remove are to act."""
    acted = sum(count for verdict, count in verdicts.items() if verdict not in ("allow", "review"))
    return {"allow": verdicts.get("allow", 0), "review": verdicts.get("review", 0), "act": acted}


def as_shares(counts: Mapping[str, int]) -> str:
    """One line for people, ``allow 97.0 %, review 2.5 %, act 0.5 %``, in the order of the counts."""
    total = sum(counts.values())
    if not total:
        return "nothing yet"
    return ", ".join(f"{name} {100 * count / total:.1f} %" for name, count in counts.items())


class _Decided(msgspec.Struct):
    verdict: str
    level: str


class Shares:
    """Counts encoded decisions."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self._decode = msgspec.json.Decoder(_Decided).decode

    def add(self, decision: bytes) -> None:
        """Count one decision in JSON."""
        found = self._decode(decision)
        self.verdicts[found.verdict] += 1
        self.levels[found.level] += 1

    def lines(self) -> list[str]:
        """What a person reads at the end."""
        return [
            f"decisions   {self.verdicts.total()}",
            f"outcomes    {as_shares(outcomes(self.verdicts))}",
            f"decided by  {as_shares(dict(self.levels.most_common()))}",
        ]
