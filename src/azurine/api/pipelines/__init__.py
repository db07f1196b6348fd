"""The data plane of published pipelines: what Azure answers below `/pipelines/v1.0/…/workspaces/{workspace}/`."""
