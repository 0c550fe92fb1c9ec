"""Labels as files that other programs read. Each exporter writes a new folder, whole or not at all."""

from workbench.registry import Registry

__all__ = ["EXPORTERS"]

EXPORTERS = Registry(
    "exporter",
    {
        "seisbench": "workbench.exporters.seisbench_dataset:SeisBenchExporter",
        "stead": "workbench.exporters.stead:SteadExporter",
        "quakeml": "workbench.exporters.quakeml:QuakeMLExporter",
        "sc3ml": "workbench.exporters.sc3ml:Sc3mlExporter",
        "nonlinloc": "workbench.exporters.nonlinloc:NonLinLocExporter",
        "ogs": "workbench.exporters.ogs:OgsExporter",
        "pyrocko": "workbench.exporters.pyrocko:PyrockoExporter",
        "csv": "workbench.exporters.tables:CsvExporter",
        "parquet": "workbench.exporters.tables:ParquetExporter",
    },
)
"""Datasets to train on first, then files of picks, then tables of all that the journal holds."""
