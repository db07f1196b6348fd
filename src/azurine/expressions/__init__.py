"""From text with expressions to values: scanner → parser → evaluator, and a file per language that says what it may speak of.

`bindings` is the language of Azure Machine Learning, `${{ … }}` and `$[[ … ]]`.
"""
