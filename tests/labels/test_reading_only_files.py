"""A journal that may be read and not written: looked at and exported, never changed, and that is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from workbench.cli import cli
from workbench.errors import LabelStoreError
from workbench.labels.journal import Journal
from workbench.schema import Decision
from workbench.session import Session
from workbench.settings import load_settings
from workbench.views.status_line import StatusLine
from workbench.views.traces import TraceView

from .rights import without_superuser


@pytest.fixture
def shut(tmp_path: Path, decide: Callable[..., Decision]) -> Iterator[Path]:
    """A journal with one label, in a folder where nobody may write; no superuser's rights while the test runs."""
    folder = tmp_path / "of somebody else, 100 %?"
    folder.mkdir()
    path = folder / "labels.sqlite"
    with Journal(str(path), "Ada") as journal:
        journal.record(decide())
    path.chmod(0o444)
    folder.chmod(0o555)
    for above in tmp_path.parents[:3]:
        above.chmod(0o755)
    tmp_path.chmod(0o777)
    try:
        with without_superuser():
            yield path
    finally:
        folder.chmod(0o755)


def test_labels_can_be_read_and_nothing_is_written(shut: Path, decide: Callable[..., Decision]) -> None:
    before = (shut.read_bytes(), sorted(shut.parent.iterdir()))
    with Journal(str(shut), "Grace", or_read_only=True) as journal:
        assert not journal.writable
        assert list(journal.labels()["phase"]) == ["P"]
        assert list(journal.recordings()["n_p"]) == [1]
        for write in (lambda: journal.record(decide()), lambda: journal.undo("r1")):
            with pytest.raises(LabelStoreError, match=r"read-only: .* none can be saved\. .* Nothing was written"):
                write()
    assert (shut.read_bytes(), sorted(shut.parent.iterdir())) == before


def test_a_file_that_may_be_written_is_opened_as_ever(path: Path, decide: Callable[..., Decision]) -> None:
    with Journal(str(path), "Ada", or_read_only=True) as journal:
        assert journal.writable
        journal.record(decide())


def test_what_another_process_has_still_in_its_log_is_read_too(
    path: Path, decide: Callable[..., Decision], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(str(path), "Ada") as writer:
        writer.record(decide())
        assert path.with_name(path.name + "-wal").stat().st_size > 0
        monkeypatch.setattr("workbench.labels.sqlite.store.is_read_only", lambda place: True)
        with Journal(str(path), "Grace", or_read_only=True) as reader:
            assert len(reader.labels()) == 1
            writer.record(decide(after_s=1.0))
            assert len(reader.labels()) == 2


def test_one_of_another_version_is_refused_with_what_to_do(
    path: Path, decide: Callable[..., Decision], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(str(path), "Ada") as journal:
        journal.record(decide())
        with journal._store.engine.connect().execution_options(writes=True) as connection, connection.begin():
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    monkeypatch.setattr("workbench.labels.sqlite.store.is_read_only", lambda place: True)
    with pytest.raises(LabelStoreError, match=r"another version .*Open a copy"):
        Journal(str(path), "Ada", or_read_only=True)


def test_a_file_that_is_no_journal_is_refused_as_ever(shut: Path) -> None:
    other = shut.parent.parent / "other.sqlite"
    other.write_text("not a database")
    other.chmod(0o444)
    with pytest.raises(LabelStoreError, match="is not a database"):
        Journal(str(other), "Ada", or_read_only=True)


@pytest.fixture
def locked_up(path: Path, decide: Callable[..., Decision], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal with one label that is taken for one that may not be written."""
    with Journal(str(path), "Ada") as journal:
        journal.record(decide())
    monkeypatch.setattr("workbench.labels.sqlite.store.is_read_only", lambda place: True)
    return path


def test_a_session_opens_with_word_that_nothing_can_be_saved(locked_up: Path, tmp_path: Path) -> None:
    session = Session(settings=load_settings(labels=str(locked_up), cache=str(tmp_path / "cache"), analyst="Grace"))
    try:
        assert session.notice.level == "warn"
        assert "is read-only" in session.notice.text
        foot = StatusLine(session, TraceView(session), print).__panel__().html
        assert "nothing is saved" in foot
        assert "accept / reject" not in foot
    finally:
        session.close()


def test_labels_are_exported_from_it(locked_up: Path, tmp_path: Path) -> None:
    """The label is of no recording of the examples: how far it comes shows that the journal was read."""
    arguments = ["export", "--labels", str(locked_up), "--source", "examples", "--format", "csv"]
    result = CliRunner().invoke(cli, [*arguments, "--output", str(tmp_path / "out")])
    assert "is read-only; it is read as it is" in result.stderr
    assert "holds no label of a recording of examples (1 of others)" in result.stderr
