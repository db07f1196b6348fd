"""The functions of formulas, a file per family. `TABLE` has them by their names in small letters.

https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
"""

from azurine.expressions.functions import collections, contents, conversion, documents, logic, numbers, strings, surroundings, times, uris
from azurine.expressions.signatures import Function

FAMILIES = (strings, collections, logic, conversion, contents, uris, documents, numbers, times, surroundings)

TABLE: dict[str, Function] = {name: function for family in FAMILIES for name, function in family.FAMILY.functions.items()}
