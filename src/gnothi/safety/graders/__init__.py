"""Graders: what judges answers, from comparing texts to asking people."""
