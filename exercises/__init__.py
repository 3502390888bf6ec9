"""What the notebooks ask of a reader: predictions before a result, and exercises after it.

There is a module for each notebook: `from exercises import decay_rate`.

They are ours rather than a library's. jupyterquiz keeps questions and answers in JavaScript: its
results cannot be computed from a run, do not come back to Python, and are an HTML output that
strict nbval would compare. nbgrader and otter-grader collect and grade what students hand in; here
nobody is graded. (For homework that is, classroom/homework gives exercises to otter-grader.) What
is needed is small, works without a network, and also in the browser.
"""
