"""One self-contained page: totals, articles with what was removed of them in its place, and corrections."""
