"""How good pickers are on recordings that none of them was trained on: cases, scores with intervals, tables."""
