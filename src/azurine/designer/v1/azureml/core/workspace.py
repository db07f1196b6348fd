"""The workspace of the step."""

from typing import Any

from . import _house


class Workspace:
    def __init__(self, subscription_id: str = "", resource_group: str = "", workspace_name: str = "", auth: Any = None, **more: Any) -> None:
        """Whatever is given, it is the workspace of the step: a script can reach no other."""
        self.subscription_id, self.resource_group, self.name = _house.workspace()

    @classmethod
    def from_config(cls, *given: Any, **more: Any) -> "Workspace":
        return cls()

    @classmethod
    def get(cls, name: str = "", **more: Any) -> "Workspace":
        return cls()

    @property
    def location(self) -> str:
        return "local"

    def get_mlflow_tracking_uri(self) -> str:
        return _house.variable("MLFLOW_TRACKING_URI")

    def __repr__(self) -> str:
        return f"Workspace.create(name={self.name!r}, subscription_id={self.subscription_id!r}, resource_group={self.resource_group!r})"
