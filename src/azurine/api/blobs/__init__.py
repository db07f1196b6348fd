"""The Blob REST door: what `azure-storage-blob`, `adlfs` and `MLClient`'s uploads say to a storage account.

Azure: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api. `door.blob_app` is the way in; `door.OPERATIONS` lists what
is spoken. Not here: page blobs, snapshots, versions, leases, tags, tiers: they are answered `501 NotImplemented`.
"""
