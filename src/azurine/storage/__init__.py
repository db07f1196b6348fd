"""Floor 2: bytes by location. Accounts and containers are folders; blobs are plain files, the very ones that a step's mount points to."""
