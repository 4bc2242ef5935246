"""The PE of BitMoD as gateware: term encoder, product, accumulator, dequantiser."""
