"""The ledger: what was taken from each article, so that it can be put back. docs/ledger.md has the schema."""
