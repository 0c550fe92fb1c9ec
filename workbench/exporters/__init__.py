"""Labels as files that other programs read. Each exporter writes a new folder, whole or not at all."""

from workbench.registry import Registry

__all__ = ["EXPORTERS"]

EXPORTERS = Registry(
    "exporter",
    {
        "seisbench": "workbench.exporters.seisbench_dataset:SeisBenchExporter",
        "quakeml": "workbench.exporters.quakeml:QuakeMLExporter",
        "csv": "workbench.exporters.label_table:CsvExporter",
    },
)
"""``seisbench``: a dataset to train on. ``quakeml``: picks and arrivals, by event. ``csv``: the table of labels."""
