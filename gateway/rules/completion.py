"""What a completion must satisfy: its activity, its dates, its credits (C)."""
