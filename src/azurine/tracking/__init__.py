"""What runs record: metrics, params, tags, inputs and logged models. Runs themselves are resources and live in the store."""
