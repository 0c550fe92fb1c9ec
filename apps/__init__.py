"""Pages that compose the views, and the server that shows them."""
