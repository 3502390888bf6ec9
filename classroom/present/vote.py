"""The class's vote: questions, rounds, who has voted for what, and what may be done next.

Nobody has a name here. A voter is a key that means nothing, and is written nowhere.
"""

import csv
import io
import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from exercises.prediction import in_full, typed_number

ROUNDS = 2  # before and after talking to the neighbours
MOST_VOTERS = 500  # of one round: more than any room has, and little memory
MOST_BARS = 6
LARGEST, DECIMALS = 1e9, 9  # what a number can be, so that it can be shown
ONWARD = ("open", "close", "again", "reveal", "forward")
STEPS = (*ONWARD, "back", "bars", "clear")


class Refused(Exception):
    """What can't be done, in one sentence, with the status that HTTP has for it."""

    def __init__(self, status, words):
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Question:
    """A prediction of a notebook, and what is measured. Without options it asks for a number."""

    notebook: str
    text: str
    outcome: str
    options: tuple[str, ...] = ()
    right: str = ""  # one of the options
    value: float = math.nan  # or the measured number
    close: float = 0.0  # and how far off is close enough
    unit: str = ""

    def checked(self, answer):
        """Return an answer as it is counted; raises Refused."""
        if not self.options:
            return _checked_number(answer)
        if answer not in self.options:
            raise Refused(400, "This question has no such answer.")
        return answer

    def is_right(self, answer):
        if self.options:
            return answer == self.right
        return abs(float(answer) - self.value) <= self.close

    def bars(self, rounds):
        """Return (label, votes in each round, whether it is the measured one) of each bar.

        `rounds` has the answers of each round.
        """
        if self.options:
            return [
                (option, [votes.count(option) for votes in rounds], option == self.right)
                for option in self.options
            ]
        return _histogram([[float(vote) for vote in votes] for votes in rounds], self.value)


def _checked_number(answer):
    try:
        number = round(typed_number(answer), DECIMALS)
    except ValueError as error:
        raise Refused(400, str(error)) from None
    if abs(number) > LARGEST:
        raise Refused(400, f"A number from −{LARGEST:.0e} to {LARGEST:.0e} is asked for.")
    return in_full(number)


def _histogram(rounds, value):
    """Return bars of equal width in which nearly all numbers lie; the rest is in the outer two.

    Where they are does not hang on the measured value, which nobody shall read off from them.
    """
    numbers = sorted(number for one in rounds for number in one)
    if not numbers:
        return []
    low, high = (numbers[round(share * (len(numbers) - 1))] for share in (0.1, 0.9))
    width = _round_step((high - low) / (MOST_BARS - 2))
    first, last = math.floor(low / width), math.floor(high / width)
    edges = [round(bar * width, DECIMALS + 1) for bar in range(first, last + 2)]
    if numbers[0] < edges[0]:
        edges[0] = -math.inf
    if numbers[-1] >= edges[-1]:
        edges[-1] = math.inf
    return [
        (_between(a, b), [sum(a <= number < b for number in one) for one in rounds], a <= value < b)
        for a, b in pairwise(edges)
    ]


def _between(a, b):
    if a == -math.inf:
        return f"below {b:.10g}"
    return f"{a:.10g} or more" if b == math.inf else f"{a:.10g} to {b:.10g}"


def _round_step(least):
    """Return the next of ..., 1, 2, 5, 10, 20, 50, ... that is no less."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


class Poll:
    """What the class has answered to one question. Each round is {key: answer}."""

    def __init__(self, question):
        self.question = question
        self.rounds = []
        self.is_open = self.is_revealed = False

    @property
    def phase(self):
        if self.is_open:
            return "open"
        if self.is_revealed:
            return "revealed"
        return "closed" if self.rounds else "ready"

    @property
    def answers(self):
        """The answers of each round in which somebody has voted."""
        return [list(votes.values()) for votes in self.rounds if votes]


class Ballot:
    """All questions, one of which is before the class."""

    def __init__(self, questions):
        self.polls = [Poll(question) for question in questions]
        self.at = 0
        self.shows_bars = False

    @property
    def poll(self):
        return self.polls[self.at]

    @property
    def name(self):
        """The name of the round that is open, so that a late vote is not counted for another."""
        return f"{self.at + 1}.{len(self.poll.rounds)}"

    # What the instructor does.

    def steps(self):
        """Return what can be done now. If the first leads on, a clicker's key does it."""
        poll = self.poll
        match poll.phase:
            case "open":
                steps = ["close"]
            case "closed":
                is_again = len(poll.rounds) < ROUNDS and poll.rounds[0]
                steps = [*(["again"] if is_again else []), "reveal", "open"]
            case phase:
                moves = {"forward": self.at + 1 < len(self.polls), "back": self.at > 0}
                steps = ["open"] if phase == "ready" else []
                steps += [step for step, can in moves.items() if can]
        return steps + (["bars"] if poll.rounds else []) + (["clear"] if poll.answers else [])

    def do(self, step):
        """Do one of STEPS; raises Refused if it is not its time."""
        if step not in STEPS:
            raise Refused(400, "There is no such step.")
        if step not in self.steps():
            raise Refused(409, "That can't be done now. The page shows what can.")
        getattr(self, f"_{step}")()
        if step != "bars":
            self.shows_bars = self.poll.phase != "open"

    def go(self, to):
        """Put another question before the class."""
        if type(to) is not int or not 0 <= to < len(self.polls):
            raise Refused(400, "There is no such question.")
        if self.poll.is_open:
            raise Refused(409, "Close the vote first.")
        self.at = to
        self.shows_bars = True

    def _open(self):
        """Open the first round, or go on with the one that was closed."""
        self.poll.rounds = self.poll.rounds or [{}]
        self.poll.is_open = True

    def _close(self):
        self.poll.is_open = False

    def _again(self):
        self.poll.rounds.append({})
        self.poll.is_open = True

    def _reveal(self):
        self.poll.is_revealed = True

    def _forward(self):
        self.go(self.at + 1)

    def _back(self):
        self.go(self.at - 1)

    def _bars(self):
        self.shows_bars = not self.shows_bars

    def _clear(self):
        self.polls[self.at] = Poll(self.poll.question)

    # What a voter does.

    def cast(self, key, name, answer):
        """Count an answer in the round of this name. Until it closes, a voter's last one counts."""
        if not self.polls or not self.poll.is_open or name != self.name:
            raise Refused(409, "This vote is closed.")
        answer, votes = self.poll.question.checked(answer), self.poll.rounds[-1]
        if key not in votes and len(votes) >= MOST_VOTERS:
            raise Refused(429, f"This vote has {MOST_VOTERS} answers, and takes no more.")
        votes[key] = answer

    # What is shown.

    def for_voter(self, key):
        """Return what a student's page shows: nothing about the others, and no result too early."""
        if not self.polls or self.poll.phase == "ready":
            return {"phase": "none"}
        poll, question = self.poll, self.poll.question
        shown = {
            "phase": poll.phase,
            "name": self.name,
            "question": question.text,
            "options": question.options,
            "unit": question.unit,
            "mine": [votes.get(key) for votes in poll.rounds],
        }
        if poll.is_revealed:
            given = [answer for answer in shown["mine"] if answer]
            last = question.is_right(given[-1]) if given else None
            shown |= {"outcome": question.outcome, "right": question.right, "isRight": last}
        return shown

    def for_instructor(self):
        """Return what the instructor's page shows. It stands on the wall: no bars before time."""
        poll, question = self.poll, self.poll.question
        return {
            "at": self.at,
            "phase": poll.phase,
            "steps": self.steps(),
            "next": next((step for step in self.steps()[:1] if step in ONWARD), ""),
            "round": len(poll.rounds),
            "question": question.text,
            "unit": question.unit,
            "options": question.options,
            "votes": [len(votes) for votes in poll.rounds],
            "showsBars": self.shows_bars,
            "bars": self._bars_shown(),
            "middle": self._middle(),
            "outcome": question.outcome if poll.is_revealed else "",
        }

    def _bars_shown(self):
        if not self.shows_bars:
            return []
        return [
            {"label": label, "counts": counts, "isRight": self.poll.is_revealed and is_right}
            for label, counts, is_right in self.poll.question.bars(self.poll.answers)
        ]

    def _middle(self):
        """Return the median of each round, where numbers are asked for and may be seen."""
        if self.poll.question.options or not self.shows_bars:
            return []
        return [in_full(median(map(float, answers)), 3) for answers in self.poll.answers]

    def csv(self):
        """Return all votes, a row each. Voters are numbered anew: a key stands nowhere."""
        polls = [poll for poll in self.polls if poll.answers]
        keys = {key: None for poll in polls for votes in poll.rounds for key in votes}
        number = {key: i for i, key in enumerate(sorted(keys), 1)}
        table = io.StringIO()
        rows = csv.writer(table)
        rows.writerow(["notebook", "question", "round", "voter", "answer", "right"])
        for poll in polls:
            about = poll.question.notebook, poll.question.text
            for i, votes in enumerate(filter(None, poll.rounds), 1):
                for key in sorted(votes, key=number.get):
                    right = "yes" if poll.question.is_right(votes[key]) else "no"
                    rows.writerow([*about, i, number[key], votes[key], right])
        return table.getvalue()
