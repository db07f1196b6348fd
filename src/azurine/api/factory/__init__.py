"""The doors of Data Factory that are no resources: running a pipeline, cancelling a run, asking what ran.

What runs and records mean is known by the wing; its kinds and functions are given to the tables made here.
"""
