"""JSON Schemas of all messages and one AsyncAPI document, generated from the message types and the topics.

``python -m stream_app.contracts.schemas`` writes them to ``docs/schemas``; with ``--check`` it writes nothing and
exits with 1 if a file there is stale. ``docs/schemas/released`` holds what has been promised and is never generated.
"""

import sys
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import yaml

from stream_app.contracts import topics
from stream_app.contracts.codec import schema_of
from stream_app.contracts.content import MAX_ID_CHARS, MAX_TEXT_CHARS, ContentItem, Deletion
from stream_app.contracts.topics import TOPICS, Topic

Schema = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

# What the way in checks beyond the types.
_ID = {"minLength": 1, "maxLength": MAX_ID_CHARS}
_CHECKED: dict[type[Any], dict[str, Schema]] = {
    ContentItem: {"item_id": _ID, "text": {"maxLength": MAX_TEXT_CHARS}},
    Deletion: {"item_id": _ID, "deleted": {"const": True}},
}

# Which program reads and writes what: (program, action, topic).
_OPERATIONS: tuple[tuple[str, str, Topic], ...] = (
    ("worker", "receive", topics.CONTENT),
    ("worker", "receive", topics.RULINGS),
    ("worker", "send", topics.DECISIONS),
    ("worker", "send", topics.ENFORCEMENT),
    ("worker", "send", topics.REVIEW_QUEUE),
    ("worker", "send", topics.RETRAINING),
    ("worker", "send", topics.DEAD_LETTERS),
    ("review", "receive", topics.REVIEW_QUEUE),
    ("review", "receive", topics.APPEALS),
    ("review", "receive", topics.REPORTS),
    ("review", "send", topics.REVIEW_LABELS),
    ("review", "send", topics.AUDIT_HEADS),
    ("feedback", "receive", topics.REVIEW_LABELS),
    ("feedback", "send", topics.RETRAINING),
    ("feedback", "send", topics.RULINGS),
    ("feedback", "send", topics.DEAD_LETTERS),
    ("retrain", "receive", topics.RETRAINING),
)


def messages_of(topic: Topic) -> tuple[type[Any], ...]:
    """The message types of a topic; a deletion may travel where content does."""
    return (*topic.messages, Deletion) if ContentItem in topic.messages else topic.messages


def message_types() -> tuple[type[Any], ...]:
    """Every settled message type, in the order of the topics."""
    return tuple(dict.fromkeys(message for topic in TOPICS for message in messages_of(topic)))


def schema_for(message: type[Any]) -> Schema:
    """The JSON Schema of one message type; unknown fields are allowed, since consumers ignore them."""
    (_,), components = msgspec.json.schema_components([message], ref_template="#/$defs/{name}")
    for component in components.values():
        _finish(component)
    schema = components.pop(message.__name__)
    for name, checks in _CHECKED.get(message, {}).items():
        schema["properties"].setdefault(name, {}).update(checks)
    if message is Deletion:
        schema["required"].append("deleted")
    head = {"$schema": DIALECT, "$id": f"urn:weir:{schema_of(message)}", **schema}
    return {**head, "$defs": components} if components else head


def _finish(component: Schema) -> None:
    """Say what msgspec leaves out: times, which all have names that end in ``_at``; docstrings without indent."""
    component["description"] = cleandoc(component.get("description", ""))
    for name, field in component["properties"].items():
        if name.endswith("_at"):
            for alternative in field.get("anyOf", [field]):
                if alternative.get("type") == "string":
                    alternative["format"] = "date-time"


def asyncapi() -> Schema:
    """The AsyncAPI document: topics as channels, and who reads and writes them."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "weir",
            "version": "1",
            "description": "Content in, decisions out. Values are UTF-8 JSON objects; a consumer ignores fields "
            "that it does not know. A field is added with a default, and never renamed.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            f"{program}.{action}.{topic.name}": {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}
            for program, action, topic in _OPERATIONS
        },
        "components": {"messages": {message.__name__: _message(message) for message in message_types()}},
    }


def _channel(topic: Topic) -> Schema:
    settings: Schema = dict(topic.config())
    settings["cleanup.policy"] = settings["cleanup.policy"].split(",")
    for name in settings.keys() & {"retention.ms", "delete.retention.ms"}:
        settings[name] = int(settings[name])
    return {
        "address": f"{{prefix}}{topic.name}",
        "description": f"{topic.purpose[:1].upper()}{topic.purpose[1:]}. Key: {topic.key}.",
        "parameters": {"prefix": {"description": "WEIR_TOPIC_PREFIX", "default": "moderation."}},
        "messages": {
            message.__name__: {"$ref": f"#/components/messages/{message.__name__}"} for message in messages_of(topic)
        },
        "bindings": {"kafka": {"topicConfiguration": settings, "bindingVersion": "0.5.0"}},
    }


def _message(message: type[Any]) -> Schema:
    stamp = "ContentItem.v1" if message is Deletion else schema_of(message)
    return {
        "name": message.__name__,
        "summary": (message.__doc__ or "").strip().splitlines()[0],
        "headers": {
            "type": "object",
            "properties": {
                "weir-schema": {"type": "string", "const": stamp},
                "traceparent": {"type": "string", "description": "W3C trace context, passed through"},
            },
        },
        "payload": {"$ref": f"{schema_of(message)}.json"},
    }


def documents() -> dict[str, str]:
    """File name to content of everything that is generated."""
    files = {f"{schema_of(message)}.json": _json(schema_for(message)) for message in message_types()}
    files["asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=118)
    return files


def _json(schema: Schema) -> str:
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of the generated files that are missing, differ or are no longer generated."""
    wanted = documents()
    paths = (*folder.glob("*.v*.json"), *folder.glob("asyncapi.yaml"))
    present = {path.name: path.read_text("utf-8") for path in paths}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write(folder: Path = FOLDER) -> None:
    """Bring the folder up to date."""
    wanted = documents()
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(folder):
        if name in wanted:
            (folder / name).write_text(wanted[name], "utf-8")
        else:
            (folder / name).unlink()


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with ``--check`` name those that are stale on standard error and return 1."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m stream_app.contracts.schemas [--check]\n")
        return 2
    if not arguments:
        write()
        return 0
    names = stale()
    for name in names:
        sys.stderr.write(f"docs/schemas/{name} is stale; run python -m stream_app.contracts.schemas\n")
    return 1 if names else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
