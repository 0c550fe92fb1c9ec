"""What is on the screen: Panel viewers over one session."""
