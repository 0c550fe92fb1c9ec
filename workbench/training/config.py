"""A training run as one TOML file, whose every key is known and checked before anything is computed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from workbench.errors import SchemaError, SourceError
from workbench.networks.xiaonet import SIZES
from workbench.training.datasets import Freshness
from workbench.training.lessons import Recipe
from workbench.training.targets import TARGET_SHAPES

__all__ = [
    "LessonsConfig",
    "LossConfig",
    "TeacherConfig",
    "TrainingConfig",
    "build_table",
    "read_config",
    "read_toml",
    "write_config",
]


@dataclass(frozen=True)
class TeacherConfig:
    """A picker that teaches, with the weights named."""

    picker: str
    weights: str = ""


@dataclass(frozen=True)
class LessonsConfig:
    """What lessons are made of; runs with the same values share their lessons.

    Parameters
    ----------
    split
        JSON file of recordings and their roles; see :mod:`workbench.sources.split`.
    folder
        Where clips and lessons are kept; made if it is not there.
    train, validation
        Numbers of lessons.
    synthetic
        Number of made clips, on top of the recorded ones.
    seed, clip_seed
        Of the lessons, and of the made clips.
    teachers
        None for lessons that only true labels teach.
    hint_layer
        Layer of the first teacher; empty for no hint.
    """

    split: str
    folder: str
    train: int = 12800
    validation: int = 640
    synthetic: int = 600
    seed: int = 1
    clip_seed: int = 0
    teachers: tuple[TeacherConfig, ...] = ()
    hint_layer: str = ""
    recipe: Recipe = field(default_factory=Recipe)


@dataclass(frozen=True)
class LossConfig:
    """Weights of the parts of the loss.

    Parameters
    ----------
    teacher
        Of the distillation term, 0 to 1; true labels get the rest. 0 trains without a teacher.
    temperature
        T of softmax(log p / T).
    hint
        Of the hint, on top.
    onset
        How much more a sample counts where an onset is certain.
    """

    teacher: float = 0.7
    temperature: float = 2.0
    hint: float = 0.02
    onset: float = 10.0


@dataclass(frozen=True)
class TrainingConfig:
    """A whole run.

    Parameters
    ----------
    results
        Folder for checkpoints, weights, history and this configuration.
    size
        Of the XiaoNet.
    start_from
        Weights (a ``.safetensors`` file of the same size) to go on from; empty for random ones.
    patience
        Epochs without a better validation loss before it stops.
    device
        ``"auto"`` (a GPU where there is one), ``"cpu"`` or ``"cuda"``. Mixed precision is used on a GPU only.
    """

    results: str
    lessons: LessonsConfig
    size: str = "25k"
    start_from: str = ""
    seed: int = 0
    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4
    patience: int = 4
    target: str = "gaussian"
    sigma_samples: int = 10
    window_samples: int = 3000
    device: str = "auto"
    loss: LossConfig = field(default_factory=LossConfig)
    freshness: Freshness = field(default_factory=Freshness)

    @property
    def architecture(self) -> dict[str, Any]:
        """What a checkpoint must agree in."""
        return {"network": "xiaonet", "size": self.size}


def read_config(path: Path, changes: Mapping[str, Any] = MappingProxyType({})) -> TrainingConfig:
    """The run that a TOML file describes; its split is looked for beside it, folders are made in the current one.

    Parameters
    ----------
    changes
        Values in place of the file's, by dotted key: ``{"size": "5k", "loss.teacher": 0.0}``.

    Raises
    ------
    SourceError
        If the file, or the split that it names, is missing; says which.
    SchemaError
        If a key is unknown or missing, or a value is not of its kind; says which.
    """
    config: TrainingConfig = build_table(TrainingConfig, read_toml(path, changes), "")
    _check(config, path)
    return config


def read_toml(path: Path, changes: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """The tables of a run's file with changes in it, and the path of its split as seen from here; see `read_config`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SchemaError(f"The configuration {path} is not TOML: {error}.") from error
    for key, value in changes.items():
        *tables, name = key.split(".")
        place = content
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise SchemaError(f"{key!r} names no key: {table} is no table in {path}.")
        place[name] = value
    lessons = content.get("lessons")
    if isinstance(lessons, dict) and isinstance(lessons.get("split"), str):
        lessons["split"] = str(path.parent / lessons["split"])
    return content


def _check(config: TrainingConfig, path: Path) -> None:
    if not Path(config.lessons.split).is_file():
        raise SourceError(f"{path} names the split {config.lessons.split}, and there is no such file.")
    if config.size not in SIZES:
        raise SchemaError(f"size is one of {list(SIZES)}, not {config.size!r}.")
    if config.target not in TARGET_SHAPES:
        raise SchemaError(f"target is one of {list(TARGET_SHAPES)}, not {config.target!r}.")
    if not 0 <= config.loss.teacher <= 1:
        raise SchemaError(f"loss.teacher lies between 0 and 1; it is {config.loss.teacher}.")
    if config.loss.temperature <= 0:
        raise SchemaError(f"loss.temperature is above 0; it is {config.loss.temperature}.")
    if config.loss.teacher > 0 and not config.lessons.teachers:
        raise SchemaError("loss.teacher is above 0, but lessons.teachers names none; name one or set it to 0.")
    for name in ("epochs", "batch_size", "learning_rate", "patience", "sigma_samples"):
        if getattr(config, name) <= 0:
            raise SchemaError(f"{name} is above 0; it is {getattr(config, name)}.")


def build_table(kind: Any, content: Any, where: str) -> Any:
    """A dataclass from a table, and so on down.

    Raises
    ------
    SchemaError
        If a key is unknown or missing, or a value is not of its kind; `where` is put before its name.
    """
    if not isinstance(content, Mapping):
        raise SchemaError(f"{where or 'The configuration'} is a table; it is {content!r}.")
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}
    if strange := sorted(set(content) - set(known)):
        raise SchemaError(f"Unknown key {where}{strange[0]!r}; known there are {sorted(known)}.")
    values = {name: _value(hints[name], value, f"{where}{name}") for name, value in content.items()}
    try:
        return kind(**values)
    except TypeError as error:
        needed = sorted(name for name in str(error).split("'")[1::2] if name in known)
        raise SchemaError(f"The configuration lacks {', '.join(where + name for name in needed)}.") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint):
        return build_table(hint, value, f"{where}.")
    text = str(hint)
    if "TeacherConfig" in text:
        return tuple(build_table(TeacherConfig, entry, f"{where}.") for entry in value)
    if text.startswith("tuple"):
        if not isinstance(value, list) or not all(isinstance(entry, (int, float)) for entry in value):
            raise SchemaError(f"{where} is a list of numbers; it is {value!r}.")
        if "..." not in text and len(value) != text.count("float"):
            raise SchemaError(f"{where} has {text.count('float')} numbers; it is {value!r}.")
        return tuple(float(entry) for entry in value)
    fits = isinstance(value, (int, float)) if hint is float else isinstance(value, hint)
    if not fits or isinstance(value, bool):
        raise SchemaError(f"{where} is of the kind {hint.__name__}; it is {value!r}.")
    return hint(value)


def write_config(config: TrainingConfig) -> dict[str, Any]:
    """The configuration as plain values, for JSON beside the results."""
    return asdict(config)
