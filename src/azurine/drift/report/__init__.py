"""The result document of a monitor's run as one page of HTML: opens anywhere, asks nobody for anything, light or dark as the reader has it.

    page = report.page(document)

    pages      the page from top to bottom: the verdict, the trend, the windows, the features, all numbers to be copied
    readings   what a page needs of the document, with nothing in it that could be missing or wrong
    sentences  what is said in words
    charts     pictures as SVG: the trend, two distributions side by side
    tables     tables, and the same numbers separated by tabs
    markup     tags; every text is escaped where it becomes part of one
    style      how it looks

Pure: a document in, text out, the same for the same document. Documents come from elsewhere: whatever names and numbers are in one, the page is well formed and
nothing in it runs.
"""

from azurine.drift.report.pages import page

__all__ = ["page"]
