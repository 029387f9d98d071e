"""What an alloy that un-mixes says of its mobility, its energy and the energy of its gradients."""
