"""Files with something wrong in them, given to every reader: an answer or a word, in time, and the others are read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st

from tests.hostile.bounds import answer_or_word, listing
from tests.hostile.mutations import MUTATIONS, mutate
from tests.hostile.readers import READERS, good_files

FOUND: Mapping[str, tuple[tuple[str, int], ...]] = {
    "gse2": (("overwritten", 0), ("overwritten", 1)),
    "settings": (("text_put_in", 1163157),),
    "stead_hdf5": (("bits_flipped", 1),),
    "seisbench_hdf5": (("text_put_in", 1),),
    "fdsn_stations": (("overwritten", 0), ("other_number", 1), ("nothing", 0), ("twice", 0)),
    "explanation": (
        ("bits_flipped", 0),
        ("huge_count", 0),
        ("overwritten", 1),
        ("other_number", 1),
        ("overwritten", 1073),
    ),
}
"""By reader, what once ended in anything else: the mutation and its seed."""

N_INPUTS = 14


def spoil_and_read(name: str, mutation: str, seed: int) -> None:
    reader, files = READERS[name], good_files(name)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "given"
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(mutate(content, mutation, seed) if file == reader.spoilt else content)
        before = listing(folder)
        found = answer_or_word(lambda: reader.read(folder))
        written = {path for path in set(listing(folder)) - set(before) if not path.startswith("labels.sqlite-")}
        assert written == set()
        if reader.others:
            assert isinstance(found, set), f"the other files were not read: {found}"
            assert set(reader.others) <= found


@pytest.mark.parametrize("name", READERS)
@pytest.mark.filterwarnings("ignore")
def test_a_spoilt_file_is_read_or_told(name: str) -> None:
    read = given(st.sampled_from(sorted(MUTATIONS)), st.integers(0, 2**32 - 1))(
        lambda mutation, number: spoil_and_read(name, mutation, number)
    )
    for mutation, number in FOUND.get(name, ()):
        read = example(mutation, number)(read)
    # A mutation and its seed are short as they are: nothing is gained by looking for shorter ones.
    how = settings(
        max_examples=N_INPUTS, deadline=None, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    # Other inputs for each reader, and the same ones each time.
    seed(crc32(name.encode()))(how(read))()


@pytest.mark.parametrize("name", READERS)
def test_a_good_file_is_read(name: str, tmp_path: Path) -> None:
    READERS[name].make(tmp_path)
    found = READERS[name].read(tmp_path)
    if READERS[name].others:
        assert {*READERS[name].others, *READERS[name].own} <= found
