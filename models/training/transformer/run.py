"""The whole training of the transformer level: read, vocabulary, start, pre-train, fine-tune, calibrate, save.

The folder that it writes is an artifact at every moment after the first checkpoint: what is shipped is the last one,
and ``resume`` goes on from any of them.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec.structs
import numpy as np
import sentencepiece
import torch
from torch import nn

from models.device import DeviceName, choose
from models.errors import DataError
from models.manifest import Source
from models.training.data import file_digest, held_out_digest
from models.training.libraries import TRANSFORMER, versions
from models.training.recipe import SEED, RecipeSettings, evidence_rule, truth_of
from models.training.transformer import loop
from models.training.transformer.calibrate import calibrate
from models.training.transformer.finetune import judged
from models.training.transformer.mixture import mixed
from models.training.transformer.pretrain import Filler, aligned, filled, lessons, temperature
from models.training.transformer.recipe import Settings, changed, resumed
from models.training.transformer.sources import Sources, parts
from models.training.transformer.start import English, begin_from
from models.training.transformer.vocabulary import balanced, train_vocabulary
from models.transformer import artifact
from models.transformer.encoder import Shape
from models.transformer.manifest import FORMAT_VERSION, NAME, Manifest, Progress, Recipe, Resumed
from models.transformer.network import Network
from models.transformer.tokens import Tokenizer

Say = Callable[[str], None]
PRETRAIN, FINETUNE = "pre-training", "fine-tuning"


def train(
    labelled: Path,
    text: Path | None,
    lexicons: Path,
    out: Path,
    *,
    start: Path | None = None,
    resume: bool = False,
    more_steps: int = 0,
    limit: int | None = None,
    settings: Settings | None = None,
    changes: Mapping[str, float] | None = None,
    seed: int | None = None,
    device: DeviceName = "auto",
    say: Say = lambda _: None,
    report: loop.Report = lambda *_: None,
) -> Manifest:
    """Train into ``out`` and return its manifest.

    ``labelled`` holds ``*.jsonl(.gz)``, ``text`` what `models.training.transformer.corpus` reads, ``lexicons`` the
    word lists. ``start`` is a folder with an English encoder to start from; without it the weights start at random
    and only the filling-in task pre-trains. ``resume`` goes on from the checkpoint in ``out`` with the settings that
    it was begun with, and by its seed unless another is given. ``more_steps`` of fine-tuning come on top of those
    planned and ``changes`` are settings by name, in either case. ``limit`` takes that many labelled rows, drawn by
    the seed. Raises DataError where the data cannot train anything or a setting cannot be, ArtifactError where there
    is no checkpoint to go on from.
    """
    checkpoint = artifact.load(out) if resume else None
    if seed is None:
        seed = checkpoint[0].recipe.last_seed if checkpoint else SEED
    torch.manual_seed(seed)
    sentencepiece.set_random_generator_seed(seed)  # holds within a process only: the library salts it by process
    sources = Sources.read(labelled, text, say, limit=limit, seed=seed)
    if all(row.weak for row in sources.validation):
        raise DataError(f"{labelled} has no annotated rows of the validation split; docs/data.md says what is needed")
    english = English.load(start) if start is not None else None
    if checkpoint:
        manifest, network, tokenizer = checkpoint
        settings = _longer(resumed(manifest.recipe.settings, changes or {}), more_steps)
        manifest = _renewed(manifest, sources, settings, seed)
        say(f"going on from {manifest.version}: {manifest.progress.phase}, step {manifest.progress.step}")
    else:
        settings = _longer(changed(settings or Settings(), changes or {}), more_steps)
        tokenizer = _vocabulary(sources, settings, seed, say)
        network = Network(_shape(settings, tokenizer), trainable(sources))
        if english is not None:
            known = begin_from(english, network, tokenizer, sources.dictionary)
            say(f"{known} of {tokenizer.size} pieces start from a known meaning")
        manifest = _manifest(sources, network, settings, seed, start)
    job = Job(out, manifest, network.to(choose(device)), tokenizer, settings, say, report)
    if manifest.progress.phase == PRETRAIN:
        job.learn(_pretraining(job, sources, english, seed))
    job.learn(_finetuning(job, sources, lexicons, seed))
    return calibrate(out, sources.rows, sources.validation, seed=seed, report=say)


@dataclass(slots=True)
class Job:
    """A run under way: what it has, and where it writes it."""

    out: Path
    manifest: Manifest
    network: Network
    tokenizer: Tokenizer
    settings: Settings
    say: Say
    report: loop.Report

    def learn(self, lesson: "Lesson") -> None:
        """Run one phase from where the manifest says that it is, with a checkpoint every few minutes."""
        phase, progress = lesson.phase, self.manifest.progress
        begin = progress.step if progress.phase == phase.name else 0
        loop.run(
            phase, self.network, lesson.steps(begin), extra=lesson.extra, begin=begin, report=self.report,
            save=lambda step: self.checkpoint(phase, step), save_every_seconds=self.settings.checkpoint_seconds,
        )  # fmt: skip
        self.checkpoint(phase, phase.steps)

    def checkpoint(self, phase: loop.Phase, step: int) -> None:
        """Write the artifact as it is now."""
        progress = Progress(phase=phase.name, step=step, steps=phase.steps)
        self.manifest = msgspec.structs.replace(self.manifest, progress=progress)
        self.manifest = artifact.save(self.out, self.manifest, self.network, self.tokenizer)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A phase and its endless steps from a given one on; what they draw depends on the seed and that step."""

    phase: loop.Phase
    steps: Callable[[int], Iterator[loop.Step]]
    extra: nn.Module | None = None


def trainable(sources: Sources) -> tuple[str, ...]:
    """Labels with enough annotated rows of both kinds for the evidence rule, as the data order them."""
    fewest = RecipeSettings().evidence_train_rows
    counts: Counter[tuple[str, int]] = Counter()
    for row in sources.rows:
        if not row.weak:
            counts.update((label, truth_of(row, label)) for label in row.labels)
    labels = dict.fromkeys(label for row in sources.rows for label in row.labels)
    found = tuple(label for label in labels if min(counts[label, 0], counts[label, 1]) >= fewest)
    if not found:
        raise DataError(f"no label has {fewest} annotated rows of both kinds")
    return found


def _pretraining(job: Job, sources: Sources, english: English | None, seed: int) -> Lesson:
    settings, filler = job.settings, Filler(job.network).to(job.network.out.weight.device)
    rates = (settings.body_rate, settings.piece_rate, settings.head_rate)
    phase = loop.Phase(PRETRAIN, settings.pretrain_steps, *rates)

    def steps(begin: int) -> Iterator[loop.Step]:
        random = np.random.default_rng([seed, 1, begin])
        texts = [row.text for row in sources.rows]
        chances = temperature([row.lang for row in sources.rows], settings.align_power)
        hidden = filled(job.network, job.tokenizer, filler, texts, chances, random, pieces=settings.batch_pieces)
        if english is None or not sources.translations or not sources.dictionary:
            yield from hidden
            return
        aligning = lessons(english, sources, settings, random, job.say)
        ways = [
            (share, aligned(job.network, job.tokenizer, source, random, pieces=pieces, english=0.12))
            for (share, pieces), source in zip(
                ((settings.align_share, settings.batch_pieces), (settings.word_share, settings.word_pieces)),
                aligning,
                strict=True,
            )
        ]
        ways.append((1 - settings.align_share - settings.word_share, hidden))
        shares = np.array([share for share, _ in ways])
        while True:
            yield next(ways[int(random.choice(len(ways), p=shares / shares.sum()))][1])

    return Lesson(phase, steps, filler)


def _finetuning(job: Job, sources: Sources, lexicons: Path, seed: int) -> Lesson:
    settings = job.settings
    rates = (settings.tune_body_rate, settings.tune_piece_rate, settings.head_rate)
    phase = loop.Phase(FINETUNE, settings.finetune_steps, *rates)

    def steps(begin: int) -> Iterator[loop.Step]:
        random = np.random.default_rng([seed, 2, begin])
        drawn_from, padding = parts(sources, job.manifest.labels, lexicons, settings)
        examples = mixed(drawn_from, padding, random, noise=settings.noise, pad=settings.pad)
        yield from judged(
            job.network, job.tokenizer, examples, random, pieces=settings.batch_pieces, resplit=settings.resplit
        )

    return Lesson(phase, steps)


def _vocabulary(sources: Sources, settings: Settings, seed: int, say: Say) -> Tokenizer:
    texts = balanced(sources.everything(), settings.vocabulary_texts, settings.vocabulary_power, seed)
    say(f"a vocabulary of {settings.pieces} pieces from {len(texts)} texts")
    return train_vocabulary(texts, settings.pieces, torch.get_num_threads())


def _shape(settings: Settings, tokenizer: Tokenizer) -> Shape:
    return Shape(
        pieces=tokenizer.size, width=settings.width, layers=settings.layers, heads=settings.attention_heads,
        inner=settings.inner, positions=settings.positions,
    )  # fmt: skip


def _manifest(sources: Sources, network: Network, settings: Settings, seed: int, start: Path | None) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION, name=NAME, version="", shape=network.shape, labels=trainable(sources),
        heads=(), omitted=(), data_digest=sources.data.digest, sources=_files(sources),
        held_out_digest=held_out_digest(), refused_rows=sources.refused, corpus=sources.corpus,
        progress=Progress(phase=PRETRAIN, step=0, steps=settings.pretrain_steps),
        recipe=Recipe(
            method="masked and translation pre-training, multi-task fine-tuning, AdamW, int8 weights, Platt scaling",
            seed=seed,
            started_from="random weights" if start is None else _english(start),
            settings=_numbers(settings),
            evidence_rule=evidence_rule(RecipeSettings()),
            machine=f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
            libraries=versions(TRANSFORMER),
        ),
        metrics=(), weights_sha256="", vocabulary_sha256="",
    )  # fmt: skip


def _longer(settings: Settings, more_steps: int) -> Settings:
    """With so many more steps of fine-tuning."""
    return msgspec.structs.replace(settings, finetune_steps=settings.finetune_steps + more_steps)


def _renewed(manifest: Manifest, sources: Sources, settings: Settings, seed: int) -> Manifest:
    """Of a checkpoint that goes on: what was measured no longer holds, and the data may be others.

    One at the end of what is planned is only measured and calibrated anew.
    """
    numbers, before, progress = _numbers(settings), manifest.recipe, manifest.progress
    ended = progress.phase == FINETUNE and progress.step >= settings.finetune_steps
    now = Resumed(
        phase=progress.phase, step=progress.step, seed=seed,
        changed={name: value for name, value in numbers.items() if value != before.settings.get(name)},
    )  # fmt: skip
    return msgspec.structs.replace(
        manifest, heads=(), omitted=(), metrics=(), data_digest=sources.data.digest, sources=_files(sources),
        refused_rows=sources.refused, corpus=sources.corpus,
        recipe=msgspec.structs.replace(
            before, settings=numbers, resumed=before.resumed if ended else (*before.resumed, now),
            libraries=versions(TRANSFORMER),
        ),
    )  # fmt: skip


def _numbers(settings: Settings) -> dict[str, float]:
    return {name: float(getattr(settings, name)) for name in settings.__struct_fields__}


def _files(sources: Sources) -> tuple[Source, ...]:
    return tuple(
        Source(file=entry.file, sha256=entry.sha256, rows=entry.rows, bad_rows=entry.bad_rows)
        for entry in sources.data.files
    )


def _english(folder: Path) -> str:
    return f"English encoder with weights of SHA-256 {file_digest(folder / 'model.safetensors')}"
