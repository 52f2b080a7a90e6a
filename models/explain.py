"""Which words a score rests on."""

from models.classifier import Classifier
from models.classifiers.occlusion import occlude
from models.contribution import Contribution, Explainer, column_of


def explain(classifier: Classifier, text: str, language: str, label: str) -> list[Contribution]:
    """What each word of a normalized text adds to one label's logit, in the order of the text.

    Exact shares of the uncalibrated logit where the classifier offers them, else by occlusion, from calibrated
    probabilities. Raises ValueError for a label that the classifier does not have.
    """
    if isinstance(classifier, Explainer):
        return classifier.explain(text, label)
    column_of(label, classifier.labels)
    return occlude(classifier, text, language)[label]
