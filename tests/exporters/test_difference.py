"""Two tables of labels compared: what came, went, moved and changed, in words, and whose decisions it was."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from workbench.errors import SourceError
from workbench.exporters.difference import DIFFERENCE_COLUMNS, compare_labels
from workbench.exporters.exported import read_exported
from workbench.exporters.manifest import read_manifest
from workbench.exporters.tables import CsvExporter, ParquetExporter
from workbench.labels.journal import Journal
from workbench.labels.settlement import settlement
from workbench.schema import Decision

START = pd.Timestamp("2024-01-01")


def changed(labels: pd.DataFrame, row: int, **values: object) -> pd.DataFrame:
    table = labels.copy()
    for name, value in values.items():
        table.loc[row, name] = value
    return table


@pytest.fixture
def before(labels):
    return labels(*({"station": f"XX.{code}.", "phase": phase} for code in "ABC" for phase in "PS"))


def test_the_same_labels_do_not_differ(before):
    found = compare_labels(before, before.sample(frac=1.0, random_state=0))
    assert found.in_words() == ["Nothing differs: 6 labels in both."]
    assert {name: str(kind) for name, kind in found.table.dtypes.items()} == DIFFERENCE_COLUMNS


def test_what_came_went_moved_and_changed_is_said(before, labels):
    after = before.copy()
    for row, by_s in ((0, 0.05), (1, -0.9), (2, 0.08)):
        after = changed(after, row, time=after.loc[row, "time"] + pd.Timedelta(seconds=by_s), analyst="Grace")
    after = changed(after, 3, polarity="positive", weight=2.0, analyst="Grace")
    after = changed(after, 4, decision="reject", analyst="Lin")
    after = after.drop(index=5)
    new = labels(*[{"phase": "Pn"}] * 9).tail(2).assign(analyst="Zoë")
    after = pd.concat([after, new], ignore_index=True)
    found = compare_labels(before, after)
    assert found.in_words() == [
        "2 labels came, 2 went, 3 moved (median 0.08 s, largest 0.9 s: XX.A S in r1), 1 changed polarity, 1 changed "
        "weight; 6 before, 6 after.",
        "Changed by the decisions of Grace 4, Zoë 2, Lin 1; of 1 it is not known whose.",
    ]
    assert sorted(found.table["what"]) == sorted(["came"] * 2 + ["went"] * 2 + ["moved"] * 3 + ["polarity", "weight"])
    weight = found.table.set_index("what").loc["weight"]
    assert (weight["before"], weight["after"], weight["label_id"]) == ("", "2", before.loc[3, "label_id"])


def test_uncertainty_phase_and_onset_are_told(before):
    after = changed(before, 0, uncertainty_minus_s=0.1, uncertainty_plus_s=0.2)
    after = changed(after, 1, phase="Sg", onset_quality="emergent")
    found = compare_labels(before, after)
    assert found.in_words()[0] == (
        "Of 6 labels 1 changed phase, 1 changed onset quality, 1 changed uncertainty; 6 before, 6 after."
    )
    rows = found.table.set_index("what")
    assert rows.loc["uncertainty", "after"] == "-0.1 +0.2 s"
    assert (rows.loc["phase", "before"], rows.loc["phase", "after"]) == ("S", "Sg")


def test_the_journal_tells_who_took_a_label_away(tmp_path):
    path = tmp_path / "labels.sqlite"
    with Journal(path, "Ada") as ada, Journal(path, "Grace") as grace:
        kept, lost = (ada.record(Decision("add", "r1", station, "P", START)).label_id for station in ("XX.A.", "XX.B."))
        ada.record(Decision("add", "r1", "XX.C.", "P", START))
        ada.undo("r1")
        grace.record(Decision("reject", "r1", "XX.B.", "P", START, label_id=lost))
        grace.record(Decision("move", "r1", "XX.A.", "P", START + pd.Timedelta(1, "s"), label_id=kept))
        before, after = ada.labels(at=3), ada.labels()
        entries = ada.entries()
    found = compare_labels(before, after, entries[entries["entry"] > 3])
    assert found.in_words() == [
        "Of 3 labels 2 went, 1 moved (median 1 s, largest 1 s: XX.A P in r1); 3 before, 1 after.",
        "Changed by the decisions of Grace 2, Ada 1.",
    ]
    assert found.table["entry"].tolist() == [6, 5, 4]


@pytest.mark.parametrize("exporter", [CsvExporter(), ParquetExporter()])
def test_an_export_is_read_back_as_it_was(exporter, before, tmp_path):
    exporter.export(before, None, tmp_path / "out")
    ordered = before.sort_values(["recording_id", "station", "time", "label_id"], ignore_index=True)
    pd.testing.assert_frame_equal(read_exported(tmp_path / "out"), ordered)


@pytest.mark.parametrize("content", [None, "", "[]", '{"entry": 1}', "a,b\n1,2"])
def test_a_folder_that_is_no_export_is_told(content, tmp_path):
    if content is not None:
        for name in ("export.json", "labels.csv"):
            (tmp_path / name).write_text(content)
    with pytest.raises(SourceError, match="no export"):
        read_manifest(tmp_path)
    with pytest.raises(SourceError, match="holds no labels"):
        read_exported(tmp_path)


@pytest.fixture
def settling(tmp_path):
    """Cleo settles a P of Ada and Ben, Ada moves what is settled, and Erin settles that with Dana's late mark."""
    with Journal(tmp_path / "labels.sqlite", "Ada") as journal:

        def mark(who, after_s, **more):
            journal.analyst = who
            time = START + pd.Timedelta(after_s, "s")
            return journal.record(Decision("move" if more else "add", "r1", "XX.A.", "P", time, **more)).label_id

        def settle(who, *label_ids):
            journal.analyst = who
            known = pd.concat([journal.marks(), journal.labels()]).drop_duplicates("label_id")
            marks = known[known["label_id"].isin(label_ids)]
            return journal.settle(settlement(marks, "midway"), label_ids).label_id

        settled = settle("Cleo", mark("Ada", 0.0), mark("Ben", 0.4))
        mark("Ada", 0.1, label_id=settled, provenance=json.loads(journal.labels()["provenance"][0]))
        settle("Erin", settled, mark("Dana", 0.3))
        yield journal


def test_marks_that_were_settled_are_told_with_who_settled_them(settling):
    before, after = settling.labels(at=2), settling.labels(at=4)
    for entries in (settling.entries(), None):
        found = compare_labels(before, after, None if entries is None else entries[entries["entry"].isin((3, 4))])
        assert found.in_words()[0] == "1 label came, 2 gave way to labels that settle them; 2 before, 1 after."
    table = compare_labels(before, after, settling.since(2).iloc[:2]).table.set_index("what")
    assert table.loc["settled", "analyst"].tolist() == ["Cleo", "Cleo"], "Ada moved it later"
    assert table.loc["settled", "entry"].tolist() == [3, 3]
    assert table.loc["settled", "after"].tolist() == [table.loc["came", "label_id"]] * 2
    assert table.loc["settled", "moved_s"].tolist() == pytest.approx([0.1, -0.3])


def test_marks_that_were_settled_twice_are_told_too(settling):
    found = compare_labels(settling.labels(at=2), settling.labels(), settling.since(2))
    assert found.table["what"].tolist().count("settled") == 2
    assert found.in_words()[1] == "Changed by the decisions of Erin 3."


def test_an_onset_settled_as_none_and_marks_that_stand_again_are_told(settling):
    settling.analyst = "Erin"
    settling.undo("r1")
    undone = settling.head()
    found = compare_labels(settling.labels(at=undone - 1), settling.labels(), settling.since(undone - 1))
    assert found.table[["what", "analyst"]].to_numpy().tolist() == [["came", "Erin"]] * 2 + [["went", "Erin"]]
    marks = settling.labels()
    settling.settle(settlement(marks, "none"), list(marks["label_id"]))
    found = compare_labels(marks, settling.labels(), settling.since(undone))
    assert found.in_words() == [
        "Of 2 labels 2 gave way to labels that settle them; 2 before, 0 after.", "Changed by the decisions of Erin 2."
    ]  # fmt: skip
    assert found.table["time_after"].isna().all()
