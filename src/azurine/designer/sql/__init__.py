"""SQL over tables: SQLite's dialect, names and types, whoever computes the rows.

A script is checked by SQLite itself on empty copies of the tables (`checking`): that finds mistakes, gives the names of the result's
columns verbatim, and tells which columns are read. A single SELECT that means the same in both engines (`faithful`) is then computed by
DuckDB, which needs no table in memory (`duck`); everything else, and whatever DuckDB refuses, by SQLite on a file in the scratch folder
(`lite`). Neither can reach a file but those it was given. Sums and means of broken numbers may differ in the last digit, because
they are added in another order.
"""
