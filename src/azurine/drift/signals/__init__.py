"""Signals of a model monitor: what of a window of production data is compared with what, by which measures, and what comes of it.

    windows     how far a monitor looks back: ISO 8601 durations, a window that ends at the time of the run
    plans       what one signal is to do, as plain values
    evaluating  the tables of both sides → a row for each feature and measure
    attribution how alike two rankings of features are (normalized discounted cumulative gain)
    performance how right predictions were, against what turned out to be true
    documents   the files that a run leaves: the manifest, a signal's numbers, a feature's histogram; and the result document

The rules are those of the open components of Azure's model monitoring. Nothing is read or written here, no model is fitted.
"""
