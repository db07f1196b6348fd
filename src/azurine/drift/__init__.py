"""Have two tables drifted apart? Two tables in, numbers out; nothing is read or written here, and nothing but the standard library is needed.

    sketches   what is kept of a feature: how often each value came (`numbers`, `categories`), and of a table (`tables`)
    roles      is a feature numerical or categorical, and may two of them be compared
    bins       the bins that the contract prescribes, filled from the finer counts of a sketch
    measures/  one measure per file; `measures.MEASURES` is the table of them
    profiles   what one side looks like: quantiles, moments, the most frequent values
    comparing  all features of two tables, measured: the rows of a result
    magnitude  how well a model tells the two tables apart: which columns it is shown, and its score (the model is fitted elsewhere)
    periods    days, weeks and months, as monitors look at them
    documents  the result of a run as a document, and the little of it that the server is told
    results    the numbers of several windows in the shape in which runs give them back
    report/    the result document as a page to look at

Sketches of windows, of partitions and of nodes are merged into the sketch of all of them, in any order, to the same counts. Where a number
cannot be said (no rows, a feature that only one side has), the answer is a sentence, never NaN.
"""
