"""``weir examples``: what can be learned from at this moment, as a batch to train with."""

import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from confluent_kafka import Message

from stream_app.adapters.admin import examples_group
from stream_app.adapters.whole_topic import messages_of
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.contracts import codec
from stream_app.contracts.feedback import TrainingExample
from stream_app.contracts.topics import RETRAINING
from stream_app.errors import BadMessage
from stream_app.pipeline.batch import SHARE, limited
from stream_app.settings import load

app = typer.Typer(add_completion=False)


@app.command()
def examples(
    share: Annotated[
        float, typer.Option(min=0.001, max=1.0, help="The most that one person's weights may be of all weights.")
    ] = SHARE,
) -> None:
    """Print the training examples that hold now, one JSON line each, nobody with more than a share of the weights.

    An example that a later one replaced, or that was erased, is left out. The lines hold what users wrote: whoever
    keeps them must erase what is erased. Exits with status 1 where a message of the topic is no example.
    """
    settings = load()
    unreadable: list[str] = []
    batch = limited(_holding(messages_of(settings, RETRAINING, examples_group(settings)), unreadable), share)
    for example in batch.examples:
        sys.stdout.buffer.write(codec.encode(example) + b"\n")
    sys.stdout.buffer.flush()
    typer.echo(
        f"{len(batch.examples)} examples of {batch.people} people, of whom {len(batch.limited)} were limited to "
        f"{100 * batch.share:g} % of the weights",
        err=True,
    )
    for line in unreadable:
        typer.echo(f"weir: {line}", err=True)
    if unreadable:
        sys.exit(EXIT_BAD_INPUT)


def _holding(messages: Iterable[Message], unreadable: list[str]) -> list[TrainingExample]:
    """The last example of each id, in the order of the ids.

    The last is the latest by Kafka's clock: where the topic was given more partitions, an id has been in two of them.
    What cannot be read takes the place of what was there before all the same.
    """
    last: dict[bytes, tuple[int, TrainingExample | None]] = {}
    for message in messages:
        key, (_, at) = message.key() or b"", message.timestamp()
        if key in last and at < last[key][0]:
            continue
        try:
            last[key] = at, _example(message.value())
        except BadMessage as problem:
            last[key] = at, None
            unreadable.append(f"{message.partition()}:{message.offset()} is no example: {problem.detail}")
    return [example for key in sorted(last) if (example := last[key][1]) is not None]


def _example(value: bytes | None) -> TrainingExample | None:
    """None for a tombstone."""
    if value is None:
        return None
    example = codec.decode(value, TrainingExample)
    if example.weight < 0:
        raise BadMessage("schema", "$.weight must be 0 or more")
    return example
