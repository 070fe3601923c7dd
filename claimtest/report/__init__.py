"""The report of a run: one self-contained page, the same as Markdown and as JSON, and every picture as a file."""

from claimtest.report.write import write_report

__all__ = ["write_report"]
