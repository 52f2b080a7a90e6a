"""The base thresholds of a policy, without its overrides, for what measures and fits classifiers."""

from models.thresholds import Thresholds
from stream_app.pipeline.policy import Policy


def thresholds_of(policy: Policy) -> dict[str, Thresholds]:
    """By label."""
    return {
        name: Thresholds(
            review_from=label.band.review_from,
            act_from=label.band.act_from,
            review_without_evidence=label.without_evidence == "review",
        )
        for name, label in policy.labels.items()
    }
