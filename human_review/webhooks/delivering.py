"""What is due is told to each receiver by itself, one thing after the other: a slow one keeps nobody else waiting."""

import asyncio
import threading
from collections.abc import Callable
from urllib.parse import SplitResult

import httpx

from human_review.errors import Invalid
from human_review.service import Service
from human_review.webhooks.addresses import check_address, resolve
from human_review.webhooks.due import Delivery, Tried, end, receivers, take_up

_Lanes = dict[str, "asyncio.Task[int]"]


def deliver_due(service: Service) -> int:
    """Try what is due now, for every receiver until it fails or has no more; how many attempts that were."""
    return asyncio.run(_deliver_due(service))


def keep_delivering(service: Service, stop: threading.Event, beat: Callable[[], None], seconds: float) -> None:
    """Deliver until ``stop`` is set; every so many seconds it looks for receivers that something is due for."""
    asyncio.run(_keep_delivering(service, stop, beat, seconds))


async def _deliver_due(service: Service) -> int:
    lanes: _Lanes = {}
    async with _client(service) as client:
        await _begin(service, client, lanes, threading.Event())
        return sum(await asyncio.gather(*lanes.values()))


async def _keep_delivering(service: Service, stop: threading.Event, beat: Callable[[], None], seconds: float) -> None:
    lanes: _Lanes = {}
    async with _client(service) as client:
        while not stop.is_set():
            await _begin(service, client, lanes, stop)
            beat()
            await asyncio.to_thread(stop.wait, seconds)
            for webhook_id in [name for name, lane in lanes.items() if lane.done()]:
                lanes.pop(webhook_id).result()  # raises what has ended it
        await asyncio.gather(*lanes.values())


async def _begin(service: Service, client: httpx.AsyncClient, lanes: _Lanes, stop: threading.Event) -> None:
    """Begin a lane for every receiver that something is due for, unless it is in one."""
    for webhook_id in await asyncio.to_thread(receivers, service):
        if webhook_id not in lanes:
            lanes[webhook_id] = asyncio.create_task(_lane(service, client, webhook_id, stop))


async def _lane(service: Service, client: httpx.AsyncClient, webhook_id: str, stop: threading.Event) -> int:
    """Tell one receiver what is due for it; how many attempts that were."""
    tried = 0
    while not stop.is_set() and (delivery := await asyncio.to_thread(take_up, service, webhook_id)) is not None:
        await asyncio.to_thread(end, service, delivery, await _attempt(service, client, delivery))
        tried += 1
    return tried


def _client(service: Service) -> httpx.AsyncClient:
    """Without connections that are kept: each goes to an address that was checked just before."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    seconds = service.config.webhooks.seconds
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=seconds)


async def _attempt(service: Service, client: httpx.AsyncClient, delivery: Delivery) -> Tried:
    rules = service.config.webhooks
    try:
        async with asyncio.timeout(rules.seconds):
            parts = check_address(delivery.url, allow_private=rules.allow_private)
            return Tried(await _post(client, parts, delivery, allow_private=rules.allow_private))
    except TimeoutError:
        problem = f"no answer within {rules.seconds:g} s"
    except Invalid as refused:
        problem = str(refused)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failed:
        problem = type(failed).__name__
    return Tried(problem, answered=False)


async def _post(client: httpx.AsyncClient, parts: SplitResult, delivery: Delivery, *, allow_private: bool) -> str:
    """What is wrong with the answer; empty where nothing is."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await resolve(host, port, allow_private=allow_private)
    target = httpx.URL(delivery.url).copy_with(host=address, port=port)
    request = client.build_request(
        "POST", target, content=delivery.body, headers={**delivery.headers, "Host": parts.netloc},
        extensions={"sni_hostname": host},
    )  # fmt: skip
    answer = await client.send(request, stream=True)
    try:
        return "" if answer.is_success else f"answered {answer.status_code}"
    finally:
        await answer.aclose()
