"""The catalogue formats of OGS (RSFVG, SMINO; NE Italy): one file a format, one form of record for all.

``fields`` cuts columns, ``lines`` gives lines that are fit to be cut; ``dat``, ``hpl``, ``pun``, ``txt`` and
``parquet`` read a format each, ``reading`` finds out which a file is, ``joining`` tells which rows are one event, and
``tables`` makes tables of them.
"""
