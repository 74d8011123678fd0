"""Durable work: asking the boards, by any number of workers (DBOS workflows and queues)."""
