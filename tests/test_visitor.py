"""What a visitor of a group's server may open and write: whatever a page says, and by whatever name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.group import Group
from workbench.errors import WorkbenchError
from workbench.labels.journal import Journal
from workbench.session import Session, Visitor
from workbench.session.reviewing import Reviewing
from workbench.sources.paths import is_inside
from workbench.views.export_dialog import ExportDialog
from workbench.views.journal import JournalPanel
from workbench.views.kernel_dialog import KernelDialog
from workbench.views.pickers import PickerPanel
from workbench.views.review_html import buttons_html
from workbench.views.source_dialog import SourceDialog, folders_near
from workbench.views.toolbar import Toolbar

READS = "Ben reads."
PIECES = st.sampled_from(
    [
        "..",
        ".",
        "~",
        "~root",
        "served",
        "outside",
        "link",
        "%2e%2e",
        "..\\",
        "C:",
        "\\\\host",
        "\x00",
        "．．",
        "‥",
        "a",
        "",
    ]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A served folder beside one that is not, with a link that leads there."""
    for name in ("served", "outside", "outside/served"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "secret.pt").write_bytes(b"secret")
    (tmp_path / "served" / "link").symlink_to(tmp_path / "outside")
    return tmp_path / "served"


@pytest.fixture
def ben(folder: Path) -> Iterator[Session]:
    """The session of one who only reads, with a recording open."""
    session = Session(visitor=Visitor("ben", READS, ("examples",), logout="logout"), roots=(folder,), analyst="anna")
    session.open_source("examples")
    yield session
    session.close()


@pytest.fixture(autouse=True)
def journal_of_anna(own_folders: Path) -> None:
    with Journal(str(own_folders / "labels.sqlite"), "anna") as journal:
        journal.set_note("a recording", "of anna")


def test_the_login_is_the_analyst_whatever_else_says_otherwise(folder: Path) -> None:
    session = Session(visitor=Visitor("ben", places=()), roots=(folder,), analyst="anna")
    assert session.analyst == session.journal.analyst == "ben"
    session.close()


def test_who_only_reads_writes_nothing_by_any_message_of_a_page(ben: Session, own_folders: Path) -> None:
    reviewing = Reviewing(ben)
    actions = [
        lambda: ben.decide(lambda desk: desk.set(ben.station, "P", ben.recording["time"].values[10])),
        ben.undo,
        ben.redo,
        *(lambda act=act: getattr(reviewing, act)() for act in ("keep", "use_model", "reject", "flag", "undo")),
        lambda: JournalPanel(ben)._act({"act": "status", "value": "done"}),
        lambda: JournalPanel(ben)._act({"act": "note", "kind": "change", "value": "mine"}),
        lambda: Toolbar(ben, lambda: None, lambda: None)._act({"act": "done"}),
        lambda: PickerPanel(ben)._act({"act": "fetch", "picker": "phasenet", "weights": "original"}),
        lambda: PickerPanel(ben)._act({"act": "get", "picker": "phasenet"}),
        lambda: SourceDialog(ben)._act({"act": "download"}),
        lambda: ben.kernels.choose("process"),
        ben.kernels.restart,
    ]
    for act in actions:
        with pytest.raises(WorkbenchError):
            act()
    export = ExportDialog(ben)
    export.open()
    export._act({"act": "export"})
    assert READS in export._markup.html
    kernels = KernelDialog(ben)
    kernels.open()
    kernels._act({"act": "use", "place": "process"})
    assert READS in kernels._markup.html
    reviewing.close()
    with Journal(str(own_folders / "labels.sqlite"), "a test") as journal:
        assert list(journal.entries()["analyst"]) == ["anna"]
    assert not (own_folders / "exports").exists()


def test_what_would_write_is_greyed_with_the_reason(ben: Session) -> None:
    reviewing = Reviewing(ben)
    bar = Toolbar(ben, lambda: None, lambda: None)._markup.html
    for html, n in ((bar, 4), (JournalPanel(ben)._head.html, 2), (buttons_html(reviewing), 5)):
        assert html.count(f'title="{READS}"') >= n, html
        for opening in html.split(f'title="{READS}"')[:-1]:
            control = opening[opening.rindex("<") :] + html.split(opening, 1)[1].split(">", 1)[0]
            assert " disabled" in control, control
    reviewing.close()


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(PIECES, min_size=1, max_size=5), start=st.sampled_from(["", "/", "//", "~/", "file:///", "{in}/"])
)
def test_no_path_of_a_page_leaves_the_served_folders(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], start: str
) -> None:
    base = tmp_path_factory.getbasetemp() / "traversal"
    served = base / "served"
    if not base.exists():
        served.mkdir(parents=True)
        (base / "outside").mkdir()
        (base / "outside" / "x.pt").write_bytes(b"")
        (served / "link").symlink_to(base / "outside")
    text = start.replace("{in}", str(served)) + "/".join(pieces)
    session = _Bare(served)
    for act in (session.open_source, lambda place: session.request_own_weights("phasenet", place)):
        try:
            act(text)
        except WorkbenchError:
            continue
        assert is_inside(Path(text), [served])
    for near in folders_near(text, (served,)):
        assert is_inside(Path(near), [served])


class _Bare:
    """What of a session turns a text into a path, without the rest."""

    def __init__(self, served: Path) -> None:
        self.roots = (served,)
        self.visitor = Visitor("anna", places=(str(served),))

    def open_source(self, place: str) -> None:
        from workbench.sources import open_source

        open_source(place, roots=Session._folders_for(self, place))  # type: ignore[arg-type]

    def request_own_weights(self, name: str, place: str) -> None:
        Session.request_own_weights(self, name, place)  # type: ignore[arg-type]

    def request_picker(self, name: str, weights: str) -> None:
        assert is_inside(Path(weights), self.roots)


def test_no_export_leaves_its_folder(folder: Path, own_folders: Path) -> None:
    session = Session(visitor=Visitor("anna", places=("examples",)), roots=(folder,))
    dialog = ExportDialog(session)
    exports = own_folders / "exports"
    exports.mkdir()
    (exports / "link").symlink_to(folder)
    assert dialog.allowed(Path("mine")) == exports / "mine"
    for outside in (folder, Path("../x"), Path("link/x"), Path("/tmp/x"), own_folders, Path("mine/../../x")):
        with pytest.raises(WorkbenchError, match="outside"):
            dialog.allowed(outside)
    session.close()


def test_a_link_names_no_weights_outside_and_no_service(folder: Path) -> None:
    session = Session(visitor=Visitor("anna", places=("examples", "seisbench:ETHZ")), roots=(folder,))
    for weights in (
        str(folder.parent / "outside" / "secret"),
        "../outside/secret.pt",
        str(folder / "link" / "secret.pt"),
    ):
        with pytest.raises(WorkbenchError, match="outside"):
            session.request_picker("phasenet", weights)
    for place in ("fdsn:http://127.0.0.1:1?network=XX", "seisbench:STEAD", "seedlink://127.0.0.1/A.B..HHZ"):
        with pytest.raises(WorkbenchError, match="does not serve"):
            session.request_source(place)
    with pytest.raises(WorkbenchError, match="fetched from the internet"):
        session.request_dataset("STEAD")
    dialog = SourceDialog(session)
    dialog.open()
    assert "seisbench:ETHZ" in dialog._markup.html
    assert 'data-act="download"' not in dialog._markup.html
    session.close()


def test_only_those_who_may_come_in_by_a_provider() -> None:
    group = Group(oauth="generic", allowed=("anna@example.org", "@lab.example"), read_only=("ben@lab.example",))
    assert group.may_enter("anna@example.org")
    assert group.may_enter("ben@lab.example")
    for name in ("eve@example.org", "anna@example.org.evil", "x@evil@lab.example.net", "", " anna@example.org"):
        assert not group.may_enter(name)
        with pytest.raises(WorkbenchError):
            group.visitor(name)
    assert group.visitor("ben@lab.example").read_only
    assert group.visitor("Ben@lab.example").read_only, "nobody writes by a capital letter"
    assert not group.visitor("anna@example.org").read_only
