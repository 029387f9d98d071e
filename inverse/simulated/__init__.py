"""Profiles from the simulator, as a least-squares fit needs them: observations, starts, forward models, the fit."""
