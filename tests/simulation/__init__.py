"""Whole histories in one process: several actors, faults and crashes, in an order and a time that a seed decides."""
