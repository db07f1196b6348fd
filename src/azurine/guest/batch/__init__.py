"""A parallel job as seen from one of its instances: take mini-batches, have processes of the user's run them, gather the rows.

    cutting     the input as mini-batches, written down once
    ledger      who has which mini-batch, which are done, where their rows are: one file for all instances
    crew        the processes that run the user's script (`guest.batching` is what they are)
    share       one instance's part, from the first mini-batch to the last
    gathering   the rows of all, in one file
    telling     logs and reports

The instances see the same folder and need nothing else of each other.
"""
