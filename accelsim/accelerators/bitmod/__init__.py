"""BitMoD (HPCA 2025): weights of many types as bit-serial terms, four of them a cycle and PE."""

TITLE = "BitMoD (HPCA 2025), with FP16, ANT and OliVe beside it; hardware"
