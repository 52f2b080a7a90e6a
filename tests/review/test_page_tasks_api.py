"""The desk for programs."""

from collections.abc import Callable

import pytest

from human_review.desk.intake import add_task
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_web import TestClient, signed_in

CONFIG = """
version: "1"
labels: {toxicity: {title: toxic language, harm: 0.3, key: "1"}}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
skip_reasons: [language]
"""


@pytest.fixture
def desk(new_service: Callable[..., Service]) -> Service:
    return new_service(config=CONFIG)


def put(service: Service, number: int = 1, **over: object) -> None:
    with service.database.write() as connection:
        assert add_task(connection, service, make_review_task(number, **over))


def call(reviewer: TestClient, path: str, **body: object) -> dict[str, object]:
    answer = reviewer.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_task_is_taken_held_answered_and_taken_back(desk: Service) -> None:
    put(desk)
    reviewer = signed_in(desk, "reviewer")
    card = call(reviewer, "/tasks/next")
    seat, token = card["seat_id"], card["token"]
    assert card["text"] == "you are a donkey"
    assert "lease_until" in call(reviewer, f"/seats/{seat}/heartbeat", token=token)
    answer = {"token": token, "verdict": "remove", "labels": ["toxicity"], "note": "n", "seconds": 2}
    given = call(reviewer, f"/seats/{seat}/decision", **answer)
    assert call(reviewer, f"/seats/{seat}/decision", **answer) == given
    assert [one["label_id"] for one in reviewer.get("/api/v1/history").json()] == [given["label_id"]]
    back = call(reviewer, f"/labels/{given['label_id']}/undo")
    assert (back["in_time"], back["seat_id"]) == (True, seat)
    assert reviewer.post(f"/api/v1/seats/{seat}/release", json={"token": back["token"]}).status_code == 204


def test_a_blind_card_has_no_aids_at_all(desk: Service) -> None:
    put(desk, why="sampled")
    card = call(signed_in(desk, "reviewer"), "/tasks/next")
    assert card["blind"] is True
    assert "aids" not in card
    assert "0.6" not in str({key: value for key, value in card.items() if key not in {"lease_until", "due_at"}})


def test_a_card_of_any_other_task_has_aids(desk: Service) -> None:
    put(desk)
    aids = call(signed_in(desk, "reviewer"), "/tasks/next")["aids"]
    assert isinstance(aids, dict)
    assert aids["scores"] == {"toxicity": 0.6}
    assert aids["reasons"][0]["spans"] == [[8, 16]]


def test_nothing_to_do_is_204(desk: Service) -> None:
    assert signed_in(desk, "reviewer").post("/api/v1/tasks/next", json={}).status_code == 204


def test_skipping_and_escalating_say_what_happens(desk: Service) -> None:
    put(desk, 1)
    put(desk, 2)
    reviewer = signed_in(desk, "reviewer")
    for way, more in (("skip", {"reason": "language"}), ("escalate", {})):
        card = call(reviewer, "/tasks/next")
        passed = call(reviewer, f"/seats/{card['seat_id']}/{way}", token=card["token"], **more)
        assert passed["task_id"] == card["task_id"]
        assert passed["what_happens"]


def test_a_group_is_listed_decided_and_undone(desk: Service) -> None:
    for number in range(1, 4):
        put(desk, number, text="the same long text everywhere")
    reviewer = signed_in(desk, "reviewer")
    card = call(reviewer, "/tasks/next")
    group = reviewer.get(f"/api/v1/seats/{card['seat_id']}/group", params={"token": card["token"]}).json()
    assert group["size"] == card["group"] == 3
    given = call(
        reviewer, f"/seats/{card['seat_id']}/group-decision", token=card["token"], verdict="allow",
        checked=[one["task_id"] for one in group["sample"]],
    )  # fmt: skip
    assert given["given"] == 3
    assert call(reviewer, f"/groups/{given['batch_id']}/undo")["in_time"] == 3


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/seats/nope/heartbeat", {"token": 1}, 409, "lease_lost"),
        ("/seats/nope/decision", {"token": 1, "verdict": "allow"}, 409, "lease_lost"),
        ("/seats/nope/decision", {"token": 1, "verdict": "review"}, 422, "invalid"),
        ("/seats/nope/decision", {"token": 1, "verdict": "allow", "more": 1}, 422, "invalid"),
        ("/seats/nope/decision", {"token": 2**99, "verdict": "allow"}, 422, "invalid"),
        ("/seats/nope/decision", {"token": 1, "verdict": "allow", "note": "x" * 4001}, 422, "invalid"),
        ("/seats/nope/decision", {"token": 1, "verdict": "allow", "seconds": -1}, 422, "invalid"),
        ("/labels/nope/undo", {}, 404, "not_found"),
        ("/groups/nope/undo", {}, 404, "not_found"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(
    desk: Service, path: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = signed_in(desk, "reviewer").post(f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_old_token_is_refused_once_the_seat_was_given_on(desk: Service) -> None:
    put(desk)
    first, second = signed_in(desk, "reviewer"), signed_in(desk, "reviewer")
    card = call(first, "/tasks/next")
    first.post(f"/api/v1/seats/{card['seat_id']}/release", json={"token": card["token"]})
    assert call(second, "/tasks/next")["seat_id"] == card["seat_id"]
    stale = first.post(f"/api/v1/seats/{card['seat_id']}/decision", json={"token": card["token"], "verdict": "allow"})
    assert stale.json()["code"] == "lease_lost"
