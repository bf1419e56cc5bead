"""What lesson 06 holds up to a network: its layers, what a score sees, the grid it leaves."""
