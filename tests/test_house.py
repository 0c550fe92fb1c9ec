"""Guards on the house itself: names, layers, lengths, what an import costs, and papers that say what is true."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import apps
import workbench
from workbench.compute import BACKENDS
from workbench.explain import EXPLAINERS
from workbench.exporters import EXPORTERS
from workbench.inference.runtimes import RUNTIMES
from workbench.pickers import PICKERS
from workbench.sources import SOURCES

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 400
LONGEST_BODY = 50
CODE_FOLDERS = ("workbench", "apps")
WORDS_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers"}
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch"}
EXTRAS_OF_CODE = ("edge", "openvino", "kernels", "cluster", "slurm", "team", "notebook")
IMPORTED_AS = {"websocket": "websocket-client"}


def tracked(*endings: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and path.name.endswith(endings)]


def code_files() -> list[Path]:
    return [path for path in tracked(".py") if path.relative_to(ROOT).parts[0] in CODE_FOLDERS]


def modules() -> list[str]:
    found = [
        module.name
        for package in (workbench, apps)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    # Migrations of the database are scripts that Alembic runs, not modules that anyone imports.
    return ["workbench", *(name for name in found if ".migrations." not in name)]


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", modules())
def test_exports_equal_all(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__).read_text())
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    }
    exported = getattr(module, "__all__", None)
    if exported is None:
        assert not defined, f"{name} defines public names and has no __all__"
        return
    assert len(exported) == len(set(exported))
    assert [entry for entry in exported if not hasattr(module, entry)] == []
    assert [entry for entry in exported if entry.startswith("_")] == []


@pytest.mark.parametrize("path", code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in WORDS_THAT_SAY_NOTHING


@pytest.mark.parametrize("path", code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_short(path: Path) -> None:
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # The docstring explains, and is no part of what must be grasped at once.
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            lengths[node.name] = node.end_lineno - body[0].lineno + 1
    assert {name: length for name, length in lengths.items() if length > LONGEST_BODY} == {}


def test_long_scripts_of_the_browser_are_split() -> None:
    scripts = [path for path in tracked(".js", ".mjs", ".css") if path.relative_to(ROOT).parts[0] in CODE_FOLDERS]
    assert {path.name for path in scripts if len(path.read_text().splitlines()) > LONGEST_FILE} == set()


@pytest.mark.parametrize("imported", ["workbench", "workbench.schema", "workbench.cli"])
def test_import_is_light(imported: str) -> None:
    heavy = "{'panel', 'bokeh', 'torch', 'seisbench', 'obspy', 'holoviews', 'sqlalchemy'}"
    code = f"import sys, {imported}; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_listing_pickers_imports_none_of_them() -> None:
    code = "import sys; from workbench.pickers import PICKERS; print(len(PICKERS) > 5, 'torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == ["True", "False"]


def test_layers_hold() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "registry", [PICKERS, SOURCES, EXPLAINERS, EXPORTERS, BACKENDS, RUNTIMES], ids=lambda registry: registry.kind
)
def test_every_registry_name_is_in_the_readme(registry: object) -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in registry if f"`{name}`" not in text] == []


def test_conda_environment_is_in_step() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    entries = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    by_pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    wanted = [Requirement(text) for text in entries + [line for line in by_pip if not line.startswith("-")]]
    has = {canonicalize_name(entry.name): entry.specifier for entry in wanted}
    asked = [*project()["dependencies"], *project()["optional-dependencies"]["notebook"]]
    needs = {canonicalize_name(need.name): need.specifier for need in map(Requirement, asked)}
    expected = {CONDA_NAMES.get(name, name): specifier for name, specifier in needs.items()}
    assert str(has.pop("python")) == project()["requires-python"]
    has.pop("pip")
    assert has == expected


def test_constraints_name_every_requirement_exactly() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pins = [Requirement(line) for line in lines]
    assert [str(pin) for pin in pins if pin.url or len(pin.specifier) != 1 or "==" not in str(pin.specifier)] == []
    pinned = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}
    extras = [text for group in project()["optional-dependencies"].values() for text in group]
    for need in map(Requirement, [*project()["dependencies"], *extras]):
        if need.name != "seismic-workbench":
            assert need.specifier.contains(pinned[canonicalize_name(need.name)]), need


def test_every_import_is_a_declared_requirement() -> None:
    # What an extra brings is imported only by what needs it, and its absence is said in words.
    extras = project()["optional-dependencies"]
    asked = [*project()["dependencies"], *(need for name in EXTRAS_OF_CODE for need in extras[name])]
    declared = {canonicalize_name(Requirement(text).name) for text in asked}
    own = {"workbench", "apps", "__future__"}
    undeclared = {}
    for path in code_files():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - own - set(sys.stdlib_module_names):
                if canonicalize_name(IMPORTED_AS.get(top, top)) not in declared:
                    undeclared.setdefault(top, []).append(str(path.relative_to(ROOT)))
    assert undeclared == {}


def test_wheel_holds_all_that_runs(tmp_path: Path) -> None:
    wheel = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.relative_to(ROOT).as_posix() for path in tracked("") if path.relative_to(ROOT).parts[0] in CODE_FOLDERS
    }
    assert expected - inside == set()
    assert [name for name in inside if name.startswith(("tests", "notebooks"))] == []


def test_no_path_of_one_machine_in_any_file() -> None:
    # Written in two pieces, so that this file does not find itself.
    marks = re.compile("|".join(("/wo" + r"rk/", "/ro" + r"ot/", r"/home/\w+/", r"C:\\Us" + "ers")))
    texts = tracked(".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".js", ".mjs", ".css", ".ipynb", "Makefile", "run")
    found = {path.name: hit.group() for path in texts if (hit := marks.search(path.read_text(errors="replace")))}
    assert found == {}


def test_notebooks_are_stored_without_output() -> None:
    for path in tracked(".ipynb"):
        cells = json.loads(path.read_text())["cells"]
        assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == [], path.name


def readme_session() -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    return blocks[0]


def test_readme_session_runs_and_has_six_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = readme_session()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(session, "README.md", "exec"), names)
    assert len([line for line in session.splitlines() if line.strip()]) == 6
    assert len(names["picks"]) > 0


def test_readme_names_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text()
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert [link for link in linked if not (ROOT / link).exists()] == []
