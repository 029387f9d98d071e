"""Round trips as a product: which are made, what is kept of them, and the page that shows them."""
