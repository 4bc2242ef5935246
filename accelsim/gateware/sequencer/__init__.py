"""From a matrix product to tiles, from tiles to words: what moves operands and results."""
