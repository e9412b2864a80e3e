"""The product's own rules, store and tasks against a network and a clock that are simulated: weeks in minutes."""
