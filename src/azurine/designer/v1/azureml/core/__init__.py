"""The names that scripts import from here."""

from .dataset import Dataset, Datastore
from .experiment import Experiment
from .model import Model
from .run import Run
from .workspace import Workspace

VERSION = "1.61.0"
__version__ = VERSION
__all__ = ["VERSION", "Dataset", "Datastore", "Experiment", "Model", "Run", "Workspace"]
