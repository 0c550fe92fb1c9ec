"""Fixtures for all tests: real recordings and weights beside the checkout, a browser, and folders of their own."""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.absent import skip_but_in_ci
from tests.postgres_server import PostgresServer, server_programs

ROOT = Path(__file__).resolve().parents[1]

# SeisBench makes its cache folder when it is imported: no test may touch the one of the user.
_EMPTY_SEISBENCH_CACHE = tempfile.mkdtemp(prefix="seisbench-empty-")
os.environ["SEISBENCH_CACHE_ROOT"] = _EMPTY_SEISBENCH_CACHE
# As the command line does: a test shares its processors with a browser, a server and a kernel.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

_CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests with a browser last: Playwright leaves its event loop running, in which SeisBench refuses to work."""
    items.sort(key=lambda item: "browser" in item.path.parts)


def pytest_unconfigure() -> None:
    shutil.rmtree(_EMPTY_SEISBENCH_CACHE, ignore_errors=True)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings and weights beside the checkout; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        skip_but_in_ci("real recordings are not at ../shared/data")
    return folder


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Keep watch over what comes after a failure: pytest's own watch over a test, and pytest-timeout's, end with it."""
    patience_s = float(node.config.getini("faulthandler_timeout") or 0)
    if patience_s:
        faulthandler.dump_traceback_later(patience_s, exit=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server for all tests; skipped where none is installed, and never where CI runs."""
    programs = server_programs()
    if programs is None:
        skip_but_in_ci("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    server = PostgresServer(programs)
    yield server
    server.stop()


@pytest.fixture
def seisbench_cache(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of SeisBench that holds the real weights; what a test writes there stays in its own folder."""
    root = tmp_path / "seisbench"
    for file in (shared_data / "seisbench").rglob("*"):
        if file.is_file():
            link = root / file.relative_to(shared_data / "seisbench")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)
    _point_seisbench_at(root, monkeypatch)
    return root


def _point_seisbench_at(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(root))
    import seisbench

    monkeypatch.setattr(seisbench, "cache_root", root)
    monkeypatch.setattr(seisbench, "cache_data_root", root / "datasets")
    monkeypatch.setattr(seisbench, "cache_model_root", root / "models" / "v3")
    monkeypatch.setattr(seisbench, "cache_aux_root", root / "auxiliary")


@pytest.fixture(scope="session")
def save_random() -> Callable[..., Path]:
    """Saves a SeisBench network with random weights, as SeisBench does, and gives the path without suffix."""

    def save(folder: Path, class_name: str, name: str, *, version: str | None = None, **arguments: Any) -> Path:
        import seisbench.models
        import torch

        folder.mkdir(parents=True, exist_ok=True)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = getattr(seisbench.models, class_name)(**arguments)
        model.save(folder / name, version_str=version)
        if class_name.startswith("DPP"):
            # SeisBench saves arguments that the constructors of these do not take.
            suffix = f".v{version}" if version else ""
            own = arguments or {"input_channels": 3, "nclasses": 3}
            (folder / f"{name}.json{suffix}").write_text(json.dumps({"model_args": own}), encoding="utf-8")
        return folder / name

    return save


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Labels, cache and settings of one test, in a folder that no other test and no user sees."""
    folder = tmp_path_factory.mktemp("own")
    monkeypatch.setenv("WORKBENCH_LABELS", str(folder / "labels.sqlite"))
    monkeypatch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
    monkeypatch.setenv("WORKBENCH_CONFIG", str(folder / "workbench.toml"))
    monkeypatch.setenv("WORKBENCH_ANALYST", "analyst")
    for name in ("WORKBENCH_KEYS", "WORKBENCH_THEME"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_panel_state_left() -> Iterator[None]:
    """Servers, sessions and caches of Panel end with the test that made them."""
    yield
    if "panel" in sys.modules:
        sys.modules["panel"].state.reset()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Launch arguments for the system's Chromium; Playwright's own browser is used where there is none."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    chosen = {"executable_path": chromium} if chromium else {}
    return {**browser_type_launch_args, **chosen, "args": list(_CHROMIUM_ARGUMENTS)}
