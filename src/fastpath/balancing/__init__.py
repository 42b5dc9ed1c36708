"""What a cluster's model says about balancing, as the core takes it."""
