"""Where steps run. `contract` is what a place to run must do; `processes` (local) and `cluster` (Dask) do it."""
