"""The scoring server: hosts one deployment's model in a process of its own, and answers HTTP on a Unix socket or a port.

    wire      bytes ⇄ requests and answers          turns     the loop: everything that has arrived is one turn
    scripts   a `score.py`: init(), run()           models    an MLflow model without a script
    shims     modules that scripts import           journal   lines of the log

Stands alone: standard library only, Python 3.8 and later, because it runs inside environments made for users. It is imported
under the name of this package here, and as `_azurine_serving` where only its files are there (`guest/scoring.py`).
"""
