"""What the notebooks ask of a reader: predictions before a result, and exercises after it.

There is a module for each notebook: `from exercises import decay_rate`.
"""
