"""Faust as its documentation shows it, for test_stock_faust_loses: ``stock_faust.py VARIANT SOURCE SINK GROUP``.

Every variant reads ids and writes each to the sink. The model of the first two fails on one id in 200.
"""

import json
import os
import sys

import faust

variant, source, sink, group = sys.argv[1:5]
app = faust.App(
    group,
    broker="kafka://" + os.environ["WEIR_TEST_BROKER"],
    store="memory://",
    datadir=os.environ["WEIR_TEST_FOLDER"],
    topic_partitions=4,
    topic_disable_leader=True,
    topic_allow_declare=False,
    broker_session_timeout=6,
    broker_heartbeat_interval=1,
    broker_commit_interval=0.3,
    web_enabled=False,
)
sink_topic = app.topic(sink, value_serializer="raw")


class Item(faust.Record, serializer="json"):
    id: int


def model(number: int) -> bytes:
    if number % 200 == 50 and variant != "typed":
        raise RuntimeError("the model failed")
    return b"%d" % number


if variant == "take":

    @app.agent(app.topic(source, value_serializer="raw", key_serializer="raw"))
    async def take(stream: faust.Stream) -> None:
        async for batch in stream.take(10, within=0.1):
            for found in [model(json.loads(value)["id"]) for value in batch]:
                await sink_topic.send(value=found)

elif variant == "one by one":

    @app.agent(app.topic(source, value_serializer="raw", key_serializer="raw"))
    async def one_by_one(stream: faust.Stream) -> None:
        async for value in stream:
            await sink_topic.send(value=model(json.loads(value)["id"]))

else:

    @app.agent(app.topic(source, value_type=Item, key_serializer="raw"))
    async def typed(stream: faust.Stream) -> None:
        async for item in stream:
            await sink_topic.send(value=model(item.id))


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "warn"]
    app.main()
