"""What must be known of a learner (L)."""
