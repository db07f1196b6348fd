"""Who is this, and may they: certificates, principals, tokens, roles; and how a client on this machine reaches and trusts the server."""
