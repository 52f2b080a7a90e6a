"""Messages of the platform as they come over HTTP: the same fields as in Kafka, described for OpenAPI."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from human_review.errors import Invalid
from stream_app.contracts.codec import decode
from stream_app.contracts.content import MAX_ID_CHARS, MAX_TEXT_CHARS
from stream_app.errors import BadMessage

Message = TypeVar("Message")
Id = Annotated[str, Field(min_length=1, max_length=64)]
ItemId = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)]
Word = Annotated[str, Field(max_length=256)]
DecisionIn = Annotated[
    dict[str, Any], Field(description="The Decision as it was read from the topic decisions (docs/schemas).")
]

EXAMPLE_ITEM: JsonDict = {"item_id": "post-1", "text": "you are a donkey", "author_id": "u-1", "language": "en"}
EXAMPLE_ORIGIN: JsonDict = {"topic": "moderation.content", "partition": 3, "offset": 1041}


class ItemIn(BaseModel):
    """The item as it was posted to ``content``."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ITEM]})
    item_id: ItemId
    text: Annotated[str, Field(max_length=MAX_TEXT_CHARS)]
    author_id: Word | None = None
    surface: Word = "post"
    language: Word | None = None
    region: Word | None = None
    created_at: datetime | None = None
    parent_id: Word | None = None
    thread_id: Word | None = None
    tier: Word | None = None
    version: Annotated[int, Field(ge=0, le=2**53)] | None = None


class OriginIn(BaseModel):
    """Where the item was read: topic, partition and offset that Kafka gave its producer."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ORIGIN]})
    topic: Annotated[str, Field(min_length=1, max_length=249)]
    partition: Annotated[int, Field(ge=0, le=2**31 - 1)]
    offset: Annotated[int, Field(ge=0, le=2**53)]
    timestamp: Annotated[float, Field(ge=0, le=2**40)] = 0.0
    topic_id: Word = ""


def read(given: BaseModel, message: type[Message]) -> Message:
    """The message of Kafka that was given. Raises Invalid, which names the place that does not fit."""
    try:
        return decode(msgspec.json.encode(given.model_dump(mode="python")), message)
    except BadMessage as problem:
        _, _, place = problem.detail.partition(" - at ")
        raise Invalid(f"{place.strip('`') or 'the body'} does not fit; docs/schemas says how it must look") from None
