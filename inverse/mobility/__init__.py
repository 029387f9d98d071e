"""Mobilities from couples: log-tracer diffusivities as functions of composition and temperature, and their fit."""
