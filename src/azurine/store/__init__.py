"""Remember, in order; tell what is new. `log` is the contract, `memory` and `sql` are its implementations."""
