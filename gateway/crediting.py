"""What becomes of each completion of a submission: matched, judged, then kept, decided or refused."""
