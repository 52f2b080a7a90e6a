"""Docs and code must agree: pages, links, commands, snippets."""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions, entry_points
from pathlib import Path

import pytest

from stream_app import docs_pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS = {entry.name for entry in entry_points(group="weir.commands")}


def test_generated_pages_say_what_the_code_declares():
    assert docs_pages.stale() == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_that_are_named_exist(page):
    named = set(re.findall(r"(?:`|bin/)weir ([a-z-]+)", page.read_text(), flags=re.M))
    assert named <= COMMANDS


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    for page in PAGES:
        named = {a or b for a, b in re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", page.read_text(), flags=re.M)}
        assert named <= targets, page


def test_the_item_in_the_readme_is_decided(tmp_path):
    line = re.search(r"```json\n(\{.*\})\n```", (ROOT / "README.md").read_text())[1]
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "classify"], input=line, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["item_id"] == "post-1"


def test_no_page_names_a_machine():
    for page in PAGES:
        assert not re.search(r"/(work|root|home|tmp)/", page.read_text()), page


def test_our_package_names_are_ours_alone():
    """`models` is a name that others use too; a distribution that brings the same one would shadow it."""
    ours = {"models", "stream_app", "human_review"}
    for distribution in distributions():
        if distribution.metadata["Name"] == "weir":
            continue
        tops = {file.parts[0] for file in distribution.files or () if file.parts}
        assert not tops & ours, distribution.metadata["Name"]


def test_the_readme_starts_with_the_two_commands():
    head = (ROOT / "README.md").read_text()[:300]
    assert head.index("make demo") < head.index("make test")
