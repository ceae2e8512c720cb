"""Writes the evaluation of a folder as one self-contained page."""

from mvsearch.search.metrics.reports.report import TITLES, MetricReport, format_value
from mvsearch.search.output.html.page import render_page


def render_report(report: MetricReport) -> str:
    """Render a report: its parts, and the value of each file.

    Returns:
        A complete HTML document in which all text is escaped.
    """
    by_file = [part for part in report.parts if part.files]
    rows = [
        (name, [format_value(part.files.get(name)) for part in by_file])
        for name in report.list_files()
    ]
    return render_page(
        "metrics.html",
        f"{report.candidate.name} beside {report.reference.name}",
        ["evaluation.css"],
        report=report,
        titles=TITLES,
        columns=[TITLES[part.name] for part in by_file],
        rows=rows,
        format_value=format_value,
    )
