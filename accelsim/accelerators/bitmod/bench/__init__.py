"""Random trials of BitMoD's array and of the whole accelerator."""
