"""Homework for marks: an assignment, its grading, and a question bank. README.md has the how-to."""
