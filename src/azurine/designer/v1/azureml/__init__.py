"""The names of Azure ML's first Python SDK that scripts inside a step import: `from azureml.core import Model, Run, Dataset, Workspace`.

Only the processes that run a user's script for a component find this package (`designer.script_host` puts it at the end of their path); an
`azureml-core` that is installed there comes first. It speaks to the server of the step with the step's own token, over the same REST as
everybody, and imports nothing but the standard library until a table is asked for.

There: Run.get_context with log, log_list, log_row, log_image, tag, upload_file, parent, experiment.workspace; Model.get_model_path, Model,
Model.list; Dataset.get_by_name. Not there: whatever starts something (Experiment.submit, pipelines, computes, deployments).
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)  # other distributions put packages of their own below this name
