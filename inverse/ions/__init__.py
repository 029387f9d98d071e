"""Ions: what their profiles, potentials and fluxes say of diffusivities and permeabilities."""
