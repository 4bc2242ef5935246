"""Random trials of hardware: what any accelerator needs for them."""
