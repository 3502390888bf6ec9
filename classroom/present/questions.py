"""What the class can vote on: the predictions of the dashboards, with what is measured."""

from ipywidgets import Widget

from classroom.present.vote import Question
from reading.prose import predictions

SHARED = ("options", "unit", "right", "value", "close")  # names that both have


def questions(editions):
    """Return the questions of {file name: classroom edition}, in reading order.

    Each result is worked out here, in some seconds for all: nobody wants to wait for it in class,
    or to learn there that it can't be.
    """
    found = [
        _question(f"{name[:2]} {edition.metadata.title}", prediction)
        for name, edition in editions.items()
        for prediction in predictions(edition.cells, {}).values()
    ]
    Widget.close_all()  # no page shows these
    return found


def _question(notebook, prediction):
    stored = prediction.stored()
    prediction.show()
    known = {name: stored[name] for name in SHARED if name in stored}
    known["options"] = tuple(known["options"])
    return Question(notebook, stored["question"], prediction.outcome, **known)
