"""Which articles say what another one says: folded, sketched, joined, compared, assigned to keepers, remembered."""
