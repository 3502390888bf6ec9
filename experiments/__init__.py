"""Long runs: each a script that writes a small result file, and reads it for the notebooks."""
