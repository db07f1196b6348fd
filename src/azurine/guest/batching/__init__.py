"""What a process does that runs mini-batches: load the script or model once, run what comes, write the rows, say how it went.

    talk        lines between this process and the instance's guest
    scripts     a script with init(), run(mini_batch), shutdown()         models     an MLflow model without a script
    tables      the rows of a table that make a mini-batch               rows       results as lines of text

Stands alone: standard library only, Python 3.8 and later, because it runs inside environments made for users. It is imported
under the name of this package here, and as `_azurine_batching` where only its files are there (`guest/mini_batches.py`).
"""
