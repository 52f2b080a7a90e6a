"""What a policy makes of a label's score, as far as measuring and fitting need to know it."""

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Allow below ``review_from``, act from ``act_from``, a person's look between."""

    review_from: float = 0.5
    act_from: float = 0.5
    review_without_evidence: bool = False  # a person looks where the classifier has no evidence in the language
