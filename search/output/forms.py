"""The names of the built-in formats of results and reports."""

SEARCH_FORMS = ("table", "csv", "json", "m3u")
REPORT_FORMS = ("table", "txt", "csv", "json", "html", "m3u")
