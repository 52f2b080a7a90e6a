"""Writes the pages of docs that list what the code declares: ``python -m stream_app.docs_pages [--check]``."""

import sys
from pathlib import Path

from stream_app.contracts.metrics import METRICS
from stream_app.contracts.topics import TOPICS, Topic
from stream_app.pipeline.intake import REASON_MEANINGS

DOCS = Path(__file__).resolve().parents[1] / "docs"


def metrics_page() -> str:
    """The page of metrics."""
    lines = ["# Metrics", "", "Served on `/metrics`. Labels take bounded values; no text, no item id, no author.", ""]
    lines += ["| metric | kind | labels | how to read it |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |")
    return "\n".join(lines) + "\n"


def topics_page() -> str:
    """The page of topics and of the reasons of dead letters."""
    lines = [
        "# Topics",
        "",
        "Names are `<prefix><name>`; the prefix is `WEIR_TOPIC_PREFIX`, `moderation.` by default.",
        "",
    ]
    lines += ["`weir topics create` makes them, `weir topics list` compares what exists with this list.", ""]
    lines += ["| topic | key | messages | what for | kept |", "|---|---|---|---|---|"]
    lines += [_topic_row(topic) for topic in TOPICS]
    lines += ["", "Topics whose messages are still open are reserved for what comes next.", "", "## Dead letters", ""]
    lines += ["`error` starts with one of these reasons:", "", "| reason | meaning |", "|---|---|"]
    lines += [f"| `{reason}` | {meaning} |" for reason, meaning in REASON_MEANINGS.items()]
    lines += ["| `internal` | a defect of ours met this message; the message and its neighbours are kept |"]
    return "\n".join(lines) + "\n"


def _topic_row(topic: Topic) -> str:
    messages = ", ".join(message.__name__ for message in topic.messages) or "open"
    kept = "the last of each key" if topic.compacted else ""
    if topic.deleted:
        kept = ", ".join(part for part in (kept, f"{topic.retention_days} days") if part)
    return f"| `{topic.name}` | {topic.key} | {messages} | {topic.purpose} | {kept} |"


PAGES = {"metrics.md": metrics_page, "topics.md": topics_page}


def stale() -> list[str]:
    """Names of pages that do not say what the code declares."""
    return [
        name for name, page in PAGES.items() if not (DOCS / name).is_file() or (DOCS / name).read_text() != page()
    ]


def main() -> int:
    """Write the pages, or say which are stale."""
    if "--check" in sys.argv:
        for name in stale():
            sys.stderr.write(f"docs/{name} is stale; run `make docs`\n")
        return 1 if stale() else 0
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
