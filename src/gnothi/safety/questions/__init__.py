"""What evaluations ask: questions of our own, written or generated, and readers of published sets."""
