"""Deliberate faults, each with the tests that must find it: `python -m tests.mutations` in the checkout.

They stand beside the tests, for it is these that they try; nothing of them is installed.
"""
