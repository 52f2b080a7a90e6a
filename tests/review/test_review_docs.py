"""The pages about review say what the code does."""

import re
from pathlib import Path

from human_review.permissions import ROLES
from human_review.review_file import ReviewConfig, load_review_config
from human_review.webhooks.events import EVENTS
from stream_app.contracts import topics

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "review.md").read_text()


def test_every_part_of_the_review_file_is_named() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## The review file")[2]))
    assert set(ReviewConfig.__struct_fields__) <= named


def test_every_role_and_every_event_is_explained() -> None:
    assert all(f"| {role} |" in PAGE for role in ROLES)
    assert all(f"`{event}`" in PAGE for event in EVENTS)


def test_the_topics_that_are_named_exist() -> None:
    table = PAGE.partition("## What goes in and out")[2].partition("##")[0]
    named = set(re.findall(r"`([a-z-]+)`", table)) - {"weir"}
    assert named <= {topic.name for topic in topics.TOPICS}


def test_the_page_for_reviewers_names_the_keys_that_are_in_force() -> None:
    page = (ROOT / "docs" / "reviewers.md").read_text()
    assert {label.key for label in load_review_config(None).labels.values()} == set("123456")
    assert "(`1` to `6`)" in page
