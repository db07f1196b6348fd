"""Tables read into the sketches of `azurine.drift`, and the model that tells two tables apart: what a monitor's run does in its own process.

    sources    files, and how the engine reads them
    opening    which files a path means: CSV, Parquet, `lines` of JSON, collected data, `mltables` with their `filters`
    columns    of which type each column is, and how its values become keys that can be counted
    counting   one pass over the files: how often each key of each column comes, in each window
    reading    the three together: `read(path) → Reading`
    rewriting  a target as Parquet, from which window after window is taken
    spreading  the same in shares, by several processes or nodes, and merged
    monitoring the run of a dataset monitor: an order in, the result document out
    magnitude  the drift magnitude of dataset monitors, by a LightGBM classifier
    staging    the rows of a window and of a segment, cut out of data in whatever layout
    joining    tables that came in parts, joined by correlation ids
    attribution    how much each feature matters for a target, by a LightGBM model
    signalling the signals of a model monitor, computed; `model_monitoring` is the run of one
    telling    numbers and tags, told to the tracking server
    publishing what was found, as JSON, Parquet and a page

DuckDB and LightGBM are imported when they are used, never by the server.
"""
