"""Commands that are more than a few lines: the command line registers them."""
