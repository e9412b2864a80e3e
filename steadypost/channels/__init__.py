"""The ways to reach a network. One folder per channel, all with the same anatomy."""
