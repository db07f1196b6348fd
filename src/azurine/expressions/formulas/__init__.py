"""The formulas of Data Factory, `@concat('a', item().b?[0])`: scanner → parser → tree → closures. `expressions.factory` is the door.

`texts` says which strings hold a formula at all. The functions stand in `expressions.functions`, a file per family.
"""
