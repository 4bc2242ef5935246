"""Design-space exploration: points chosen, evaluated in processes, stored; the front of them."""
