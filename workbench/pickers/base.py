"""What a picker is: a card that says what it wants, and curves for a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import pandas as pd
import xarray as xr

from workbench.schema import PickerCard, Report, silent

if TYPE_CHECKING:
    from workbench.pickers.execution import Execution, Forward
    from workbench.pickers.windows import Where

__all__ = ["Picker", "TorchPicker"]


@runtime_checkable
class Picker(Protocol):
    """Recording -> Annotations. Thresholds come after, in :mod:`workbench.inference.picking`."""

    card: PickerCard

    def annotate(self, recording: xr.Dataset, report: Report = silent) -> xr.Dataset:
        """Annotations of all stations of the recording, on its time axis.

        Stations that cannot be annotated (all NaN, say) are NaN throughout; the recording is not changed.

        Raises
        ------
        PickerError
            If the picker cannot run on this recording at all; says why and what to do.
        """
        ...


@runtime_checkable
class TorchPicker(Picker, Protocol):
    """A picker around a torch module, which unlocks faster runtimes, explanation and training."""

    module: Any
    """The :class:`torch.nn.Module`, in eval mode."""

    batch_size: int
    """Windows that go through the module at once, where no runtime says otherwise."""

    window_shape: tuple[int, int]
    """Components and samples of one window."""

    def annotate(
        self,
        recording: xr.Dataset,
        report: Report = silent,
        execution: Execution | None = None,
        where: Where | None = None,
    ) -> xr.Dataset:
        """Annotations of all stations; the batches are run by `execution`, or in torch if there is none.

        With `where`, only the windows that it names are run, and curves are NaN wherever a window over them is not.
        """
        ...

    def step(self, windows: Any, forward: Forward) -> Any:
        """What the network says of windows (B, C, T) as they are cut, given its forward pass; on their device."""
        ...

    def window_tensor(self, recording: xr.Dataset, station: str, start: pd.Timestamp) -> Any:
        """The network's input for one window: float32, shape (1, component, sample), normalised as it wants."""
        ...
