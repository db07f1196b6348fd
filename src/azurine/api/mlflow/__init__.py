"""The MLflow door: MLflow's REST contract over the store's jobs, models and experiments, and over `tracking`.

A run is a job and a registered model is a model resource: this door keeps nothing of its own. `routes.routes` is what the
rest of the house uses. https://mlflow.org/docs/latest/rest-api.html
"""
