"""Is this learner one person we know?"""
