"""Couples of n components: their paths and fluxes, what several of them share, and the matrices they determine."""
