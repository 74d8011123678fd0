"""Loading the register of learners from a CSV file, row by row."""
