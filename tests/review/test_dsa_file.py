from pathlib import Path

import pytest

from human_review.review_file import load_review_config
from stream_app.errors import ConfigError

START = 'version: "1"\nlabels: {spam: {title: spam, harm: 0.1, key: "1"}}\n'


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("dsa: {labels: {spam: {category: SPAM}}}", "dsa.labels.spam.category"),
        ("dsa: {labels: {spam: {category: STATEMENT_CATEGORY_VIOLENCE, keywords: [X]}}}", "dsa.labels.spam.keywords"),
        ("dsa: {territory: [US]}", "dsa.territory"),
        ("dsa: {territory: WORLD}", "dsa.territory"),
        ("dsa: {restrictions: {remove: GONE}}", "dsa.restrictions"),
        ("dsa: {content_types: {other: [TEXT]}}", "dsa.content_types.other"),
        ("dsa: {reported_source: USERS}", "dsa.reported_source"),
        ("dsa: {account_type: BOT}", "dsa.account_type"),
        ("dsa: {colour: red}", "dsa"),
        ("notices: {until: this ends}", "notices.until"),
        ("webhooks: {seconds: 0}", "webhooks.seconds"),
    ],
)
def test_what_the_database_or_an_author_could_not_use_is_refused_with_its_key(
    tmp_path: Path, part: str, key: str
) -> None:
    file = tmp_path / "review.yaml"
    file.write_text(START + part, encoding="utf-8")
    with pytest.raises(ConfigError, match=key.replace(".", r"\.")):
        load_review_config(file)


def test_a_file_without_these_parts_has_sensible_ones(tmp_path: Path) -> None:
    file = tmp_path / "review.yaml"
    file.write_text(START, encoding="utf-8")
    config = load_review_config(file)
    assert not config.webhooks.allow_private
    assert len(config.dsa.countries()) == 27
