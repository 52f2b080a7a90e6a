"""Networks work in forked processes, and a cascade without them never imports what they need."""

import subprocess
import sys

FORKED = """
import multiprocessing, torch
from stream_app.classifiers import survive_forks

survive_forks()
torch.set_num_threads(2)
weights = torch.randn(1500, 1500).half().float()  # computed in several threads, as loading an artifact does
texts = torch.randn(3000, 1500)


def child(end):
    end.send(float(torch.nn.functional.gelu(texts @ weights).sum()))


ours, theirs = multiprocessing.Pipe()
process = multiprocessing.get_context("fork").Process(target=child, args=(theirs,), daemon=True)
process.start()
print("answered" if ours.poll(60) else "hangs")
process.kill()
"""

LIGHT = """
import sys
from stream_app.cascade_file import load_cascade
from stream_app.config_files import shipped

load_cascade(shipped("cascade-linear.yaml"))
print({"torch", "transformers", "sentencepiece"} & set(sys.modules))
"""


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


def test_a_network_that_was_loaded_before_a_fork_answers_after_it() -> None:
    assert printed(FORKED) == "answered"


def test_the_linear_cascade_loads_without_torch() -> None:
    assert printed(LIGHT) == "set()"
