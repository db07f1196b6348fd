import pytest

from azurine.designer import trying
from azurine.designer.ports import Transformation
from azurine.model.errors import Invalid, Missing

TABLE = trying.table({"a": [1]})


def test_only_a_transformation_is_applied():
    with pytest.raises(Invalid, match="Apply Transformation: transformation: a transformation is wanted here"):
        trying.outputs("apply_transformation", {"transformation": TABLE, "dataset": TABLE})
    with pytest.raises(Missing, match=r"there is no component .*evil. in the library"):
        trying.outputs("apply_transformation", {"transformation": Transformation("../evil", {}), "dataset": TABLE})
    with pytest.raises(Invalid, match="Add Rows makes no transformation that can be applied"):
        trying.outputs("apply_transformation", {"transformation": Transformation("add_rows", {}), "dataset": TABLE})
