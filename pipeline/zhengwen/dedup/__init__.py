"""Which articles say what another one says: fold, sketch, join, verify, assign. No stage depends on another's inside."""
