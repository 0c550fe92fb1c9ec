from __future__ import annotations

import hashlib
import json
import pickle
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workbench.errors import JobCancelledError, PickerError, RequirementError, UnknownNameError
from workbench.pickers import PICKERS, open_picker
from workbench.pickers.weights import (
    Weights,
    cache_folder,
    cached_files,
    default_weights,
    fetch_weights,
    find_files,
    list_weights,
    weights_hash,
)

Save = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of SeisBench."""
    monkeypatch.setenv("SEISBENCH_CACHE_ROOT", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models" / "v3"


def test_cache_is_where_seisbench_has_it(cache: Path) -> None:
    assert cache_folder() == cache


def test_newest_version_of_complete_sets_is_listed_original_first(cache: Path) -> None:
    folder = cache / "phasenet"
    folder.mkdir(parents=True)
    for file in ("ethz.pt.v2", "ethz.json.v2", "ethz.pt.v10", "ethz.json.v10", "original.pt.v1", "original.json.v1"):
        (folder / file).touch()
    (folder / "half.json.v1").touch()
    assert [(weights.name, weights.place) for weights in list_weights("phasenet")] == [
        ("original", "cached"),
        ("ethz", "cached"),
    ]
    assert cached_files("phasenet")["ethz"].version == "10"
    assert default_weights("phasenet") == "original"


def test_picker_without_weights_says_so() -> None:
    assert list_weights("sta_lta") == [Weights("sta_lta", "", "none", "needs no weights")]


def test_network_without_weights_is_listed_with_reason_and_remedy(cache: Path) -> None:
    assert list_weights("skynet") == []
    availability = PICKERS.availability("skynet")
    assert not availability.ok
    assert "No weights" in availability.reason
    assert "Fetch" in availability.remedy
    with pytest.raises(RequirementError, match="No weights of skynet are on this computer"):
        open_picker("skynet")
    with pytest.raises(RequirementError, match="No weights of dpp"):
        open_picker("dpp")


def test_unknown_weights_suggest_a_near_name(cache: Path, save_random: Save) -> None:
    save_random(cache / "phasenet", "PhaseNet", "original", version="1")
    assert PICKERS.availability("phasenet").ok
    with pytest.raises(RequirementError, match="Did you mean 'original'"):
        open_picker("phasenet", "orignal")


def test_weights_of_ones_own_open_by_path_stem_or_folder(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path / "höfn", "PhaseNetLight", "mine", phases="PSN", component_order="ENZ")
    for place in (stem, f"{stem}.pt", stem.parent):
        card = open_picker("phasenetlight", str(place)).card
        assert (card.weights, card.component_order, card.phases) == ("mine", "ENZ", ("P", "S"))
    assert card.weights_hash == hashlib.sha256(stem.with_suffix(".pt").read_bytes()).hexdigest()[:16]


def test_weights_changed_on_disk_are_read_again(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNetLight", "mine", phases="PSN")
    first = open_picker("phasenetlight", str(stem))
    assert open_picker("phasenetlight", str(stem)) is first
    save_random(tmp_path, "PhaseNetLight", "mine", phases="NPS", component_order="ENZ")
    assert open_picker("phasenetlight", str(stem)).card.component_order == "ENZ"


def test_phasenet_with_more_filters_survives_saving_and_loading(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNet", "wide", filter_factor=2)
    assert open_picker("phasenet", str(stem)).module.filter_factor == 2


def test_malicious_pickle_is_refused_and_does_not_run(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNet", "evil")
    trace = tmp_path / "was here"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, (f"open({str(trace)!r}, 'w').close()",)

    stem.with_suffix(".pt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(PickerError, match=r"refused.*could run code"):
        open_picker("phasenet", str(stem))
    import torch

    torch.save({"inc.weight": Evil()}, stem.with_suffix(".pt"))
    with pytest.raises(PickerError, match=r"refused.*could run code"):
        open_picker("phasenet", str(stem))
    assert not trace.exists()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_file_that_is_cut_short_is_told(tmp_path: Path, save_random: Save, share: float) -> None:
    stem = save_random(tmp_path, "PhaseNet", "cut")
    whole = stem.with_suffix(".pt").read_bytes()
    stem.with_suffix(".pt").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PickerError, match=r"cut\.pt"):
        open_picker("phasenet", str(stem))


def test_weights_of_another_network_are_told(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNetLight", "light")
    with pytest.raises(PickerError, match="do not fit the network"):
        open_picker("phasenet", str(stem))


@pytest.mark.parametrize("text", ["{", "[]", '{"model_args": {"norm": "std", "colour": "red"}}', "\xff"])
def test_broken_settings_file_is_told(tmp_path: Path, save_random: Save, text: str) -> None:
    stem = save_random(tmp_path, "PhaseNet", "broken")
    stem.with_suffix(".json").write_text(text, encoding="latin-1")
    with pytest.raises(PickerError, match=r"broken\.pt"):
        open_picker("phasenet", str(stem))


def test_what_the_settings_file_leaves_open_stands_in_the_card(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNetLight", "mine")
    assert open_picker("phasenetlight", str(stem)).card.assumed == ()
    stem.with_suffix(".json").write_text(json.dumps({"model_args": {"norm": "peak"}}))
    card = open_picker("phasenetlight", str(stem)).card
    assert card.assumed == ("label order N, P, S", "component order ZNE")


def test_threshold_that_is_no_number_is_told(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNetLight", "mine")
    stem.with_suffix(".json").write_text(json.dumps({"model_args": {}, "default_args": {"P_threshold": "high"}}))
    with pytest.raises(PickerError, match=r"mine\.json gives P_threshold as 'high'; not a number"):
        open_picker("phasenetlight", str(stem))


def test_missing_settings_file_is_told(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNet", "half")
    stem.with_suffix(".json").unlink()
    with pytest.raises(PickerError, match=r"no file .*half\.json"):
        open_picker("phasenet", str(stem))
    with pytest.raises(PickerError, match="holds 0 sets of weights"):
        find_files("phasenet", str(tmp_path))


def test_weights_that_need_a_newer_seisbench_are_told(tmp_path: Path, save_random: Save) -> None:
    stem = save_random(tmp_path, "PhaseNet", "new")
    settings = json.loads(stem.with_suffix(".json").read_text())
    stem.with_suffix(".json").write_text(json.dumps(settings | {"seisbench_requirement": "99.0"}))
    with pytest.raises(PickerError, match=r"at least 99\.0"):
        open_picker("phasenet", str(stem))


class _Server(BaseHTTPRequestHandler):
    """As much of SeisBench's file server as is asked of it."""

    folder: Path

    def do_PROPFIND(self) -> None:
        entries = [self.path, *(f"{self.path}/{file.name}" for file in sorted(self.folder.iterdir()))]
        hrefs = "".join(f"<d:response><d:href>{entry}</d:href></d:response>" for entry in entries)
        self._answer(207, f'<d:multistatus xmlns:d="DAV:">{hrefs}</d:multistatus>'.encode())

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    def do_GET(self) -> None:
        self._answer(200, (self.folder / self.path.rsplit("/", 1)[1]).read_bytes())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(
    tmp_path: Path, save_random: Save, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> Iterator[ThreadingHTTPServer]:
    import seisbench

    folder = tmp_path / "served"
    save_random(folder, "PhaseNetLight", "ethz", version="2", phases="PSN")
    handler = type("Handler", (_Server,), {"folder": folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    root = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(seisbench, "remote_root", root)
    monkeypatch.setattr(seisbench, "remote_model_root", root)
    monkeypatch.setattr(seisbench, "cache_model_root", cache)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_remote_weights_are_listed_only_when_asked_and_fetched_with_progress(
    server: ThreadingHTTPServer, cache: Path
) -> None:
    assert list_weights("phasenetlight") == []
    assert list_weights("phasenetlight", remote=True) == [Weights("phasenetlight", "ethz", "remote")]
    told: list[float] = []
    fetched = fetch_weights("phasenetlight", "ethz", lambda fraction, step: told.append(fraction))
    assert fetched == Weights("phasenetlight", "ethz", "cached")
    assert told[-1] == 1.0
    assert sorted(path.name for path in (cache / "phasenetlight").iterdir()) == ["ethz.json.v2", "ethz.pt.v2"]
    assert open_picker("phasenetlight", "ethz").card.phases == ("P", "S")
    assert list_weights("phasenetlight", remote=True) == [Weights("phasenetlight", "ethz", "cached")]


def test_download_that_is_stopped_leaves_nothing(server: ThreadingHTTPServer, cache: Path) -> None:
    def stop(fraction: float, step: str) -> None:
        raise JobCancelledError("stopped")

    with pytest.raises(JobCancelledError):
        fetch_weights("phasenetlight", "ethz", stop)
    assert list((cache / "phasenetlight").iterdir()) == []


def test_unknown_remote_weights_are_refused(server: ThreadingHTTPServer) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'ethz'"):
        fetch_weights("phasenetlight", "eth")


def test_server_that_cannot_be_reached_is_one_clear_error(server: ThreadingHTTPServer) -> None:
    import seisbench

    seisbench.remote_model_root = "http://127.0.0.1:9/"
    with pytest.raises(RequirementError, match="did not give its list of weights"):
        list_weights("phasenetlight", remote=True)


def test_hash_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.pt"
    file.write_bytes(b"first")
    before = weights_hash(file)
    file.write_bytes(b"second, longer")
    assert weights_hash(file) != before
