"""The data plane of batch endpoints: calls, and the jobs that came of them."""
