"""Moving data: what the data activities of a factory do with files and tables. A door to the outside, without a meaning of its own.

    order (plain JSON: datasets with their connections opened) ──▶ `orders.carry_out` ──▶ output (plain JSON), or an error with Azure's code

It runs in a process of its own (`guest.moving`), reads and writes piece by piece, and puts what it has written in its place at the very end.
"""
