"""``weir classify`` as its users run it."""

import json
import subprocess
import sys

import pytest

from models.artifacts import default_artifact
from models.classifiers.linear import LinearClassifier
from stream_app.config_files import shipped


def weir(*arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments], input=stdin, capture_output=True, text=True, timeout=180
    )


def lines(*items):
    return "".join(json.dumps(item) + "\n" for item in items)


def test_ten_thousand_lines_come_back_in_order_and_bad_ones_are_named(tmp_path):
    items = [{"item_id": f"i{n}", "text": f"have a nice day number {n} my friend"} for n in range(10_000)]
    source = [json.dumps(item) for item in items]
    source[17] = '{"item_id": "broken"'
    source[9_000] = '{"item_id": "no-text"}'
    file = tmp_path / "items.jsonl"
    file.write_text("\n".join(source) + "\n")
    done = weir("classify", str(file))
    decided = [json.loads(line)["item_id"] for line in done.stdout.splitlines()]
    assert decided == [item["item_id"] for n, item in enumerate(items) if n not in (17, 9_000)]
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 18", "line 9001"]
    assert "$.text" in done.stderr
    assert done.returncode == 1


def test_plain_text_lines_from_standard_input():
    done = weir("classify", "--text", stdin="I will kill you tomorrow\nI love this song so much\n\n")
    assert done.returncode == 0, done.stderr
    first, second, empty = map(json.loads, done.stdout.splitlines())
    assert (first["item_id"], second["item_id"], empty["item_id"]) == ("line-1", "line-2", "line-3")
    assert (first["verdict"], first["label"]) in {("review", "threat"), ("remove", "threat")}
    assert second["verdict"] == "allow"
    assert empty["level"] == "no-text"


@pytest.mark.parametrize("cascade", ["cascade.yaml", "cascade-linear.yaml"])
def test_what_nobody_could_read_goes_to_a_person_however_low_it_scores(cascade):
    runes = "thanks for the lovely present and see you soon ᚠᚢᚦᚨᚱᚲᚷᚹ ᚺᚾᛁᛃᛈᛇᛉᛊ ᛏᛒᛖᛗᛚᛜᛞᛟ"
    done = weir("classify", "--text", "--cascade", f"config/{cascade}", stdin=f"{runes}\n{runes[:46]}\n")
    unread, read = map(json.loads, done.stdout.splitlines())
    assert (unread["verdict"], unread["language"]) == ("review", "und")
    assert (read["verdict"], read["language"]) == ("allow", "en")


def test_repeats_and_edits_are_answered_as_in_the_stream():
    item = {"item_id": "i", "text": "hello there everybody"}
    edit = {"item_id": "i", "text": "hello there somebody"}
    done = weir("classify", stdin=lines(item, item, edit))
    first, again, edited = map(json.loads, done.stdout.splitlines())
    assert first["decision_id"] == again["decision_id"]
    assert edited["supersedes"] == first["decision_id"]


def test_the_same_input_gives_the_same_ids_in_another_process():
    source = lines({"item_id": "i", "text": "you stupid idiot"})
    ids = [json.loads(weir("classify", stdin=source).stdout)["decision_id"] for _ in range(2)]
    assert ids[0] == ids[1]


def test_an_error_line_escapes_what_a_producer_wrote():
    done = weir("classify", stdin='{"item_id": "a", "text": {"\x1b[31m": 1}}\n'.replace("\x1b", "\\u001b"))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["classify", "/nowhere.jsonl"], "/nowhere.jsonl"),
        (["classify", "--policy", "/nowhere.yaml"], "/nowhere.yaml"),
        (["classify", "--cascade", "/nowhere.yaml"], "/nowhere.yaml"),
        (["nope"], "classify, dead-letters"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(arguments, named):
    done = weir(*arguments)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_every_command():
    done = weir("--help")
    assert done.returncode == 0
    for name in (
        "bench",
        "classify",
        "dead-letters",
        "demo",
        "evaluate",
        "policy",
        "produce",
        "topics",
        "train",
        "worker",
    ):
        assert name in done.stdout


def test_a_worker_without_a_broker_says_where_it_looked_and_exits_with_3(monkeypatch):
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    done = weir("worker", "--once")
    assert done.returncode == 3
    assert "127.0.0.1:1" in done.stderr


def test_a_worker_with_a_misspelled_setting_names_it_and_exits_with_2(monkeypatch):
    monkeypatch.setenv("WEIR_TOPIC_PREFIXX", "x")
    done = weir("worker")
    assert done.returncode == 2
    assert "WEIR_TOPIC_PREFIXX" in done.stderr


def test_settings_hide_secrets(monkeypatch):
    monkeypatch.setenv("WEIR_KAFKA_SASL_PASSWORD", "hunter2")
    done = weir("settings", "--json")
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert weir("settings").returncode == 0


@pytest.fixture
def data(tmp_path):
    """Own rows: two made-up languages of good and bad words, enough of both in train and validation."""
    rows = []
    for n in range(1600):
        bad = n % 2
        words = ["grumblewort", "snarlpox"] if bad else ["sunbeam", "meadow"]
        rows.append(
            {
                "text": f"{words[n // 2 % 2]} the {n % 37} things of {n % 11} houses",
                "lang": "en",
                "labels": {"toxicity": bad},
                "source": "own",
                "split": "validation" if n % 10 < 2 else "train",
                "weak": 0,
            }
        )
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_train_and_evaluate_from_rows_to_a_table(tmp_path, data):
    out, cards = tmp_path / "artifacts" / "linear", tmp_path / "cards"
    done = weir("train", "--data", str(data), "--only", "linear", "--out", str(out.parent), "--cards", str(cards))
    assert done.returncode == 0, done.stderr
    assert LinearClassifier.load(out).labels == ("toxicity",)
    assert "# " in (cards / "linear.md").read_text()
    done = weir("evaluate", "--data", str(data), "--artifact", str(out), "--bootstrap", "10", "--json")
    assert done.returncode == 0, done.stderr
    cells = {(cell["label"], cell["language"]): cell for cell in json.loads(done.stdout)["systems"][0]["cells"]}
    assert cells["toxicity", "en"]["auc"]["value"] > 0.95
    assert cells["toxicity", "en"]["rows"] == 320
    table = weir("evaluate", "--data", str(data / "own.jsonl"), "--artifact", str(out), "--bootstrap", "10")
    assert "toxicity" in table.stdout


def test_bad_rows_are_listed_and_the_status_is_1(tmp_path, data):
    with (data / "own.jsonl").open("a") as file:
        file.write('{"text": ""}\n')
    done = weir("evaluate", "--data", str(data), "--bootstrap", "5")
    assert done.returncode == 1
    assert "own.jsonl:1601" in done.stderr


def test_no_data_is_wrong_use(tmp_path):
    assert weir("train", "--data", str(tmp_path)).returncode == 2
    assert weir("evaluate", "--data", str(tmp_path / "nothing")).returncode == 2
    assert LinearClassifier.load(default_artifact()).labels


def test_processes_share_the_work_and_change_nothing(tmp_path):
    """Repeats and edits of an item go to one process, wherever they stand."""
    words = ["lovely", "awful", "plain", "stupid"]
    items = [{"item_id": f"i{n % 1500}", "text": f"what a {words[n * 7 % 4]} day {n % 700}"} for n in range(4500)]
    file = tmp_path / "items.jsonl"
    file.write_text(lines(*items) + "{broken\n")
    linear = ("--cascade", str(shipped("cascade-linear.yaml")))  # as many texts through a network would take minutes
    one = weir("classify", str(file), "--jobs", "1", *linear)
    three = weir("classify", str(file), "--jobs", "3", *linear)
    assert (one.returncode, three.returncode) == (1, 1)
    assert one.stderr == three.stderr
    decided = [[json.loads(line)["decision_id"] for line in done.stdout.splitlines()] for done in (one, three)]
    assert decided[0] == decided[1]
    assert len(decided[0]) == 4500
