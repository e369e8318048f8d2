"""Results as text: findings, summaries, figures."""
