"""What ``weir evaluate`` measures: rows, systems, resampled measures, and the report that holds them."""
