"""This program as it is installed: its distribution's name, its version, its extras."""

# The registry of Python packages has another program under the command's name.
DISTRIBUTION = "music-video-search"


def read_version() -> str | None:
    """The version that is installed; None where the modules run from their folder."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms that --help can do without

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return None


def name_install(extra: str) -> str:
    """The line that installs an extra, for messages.

    pip takes our name for what is installed under it. Where nothing is, it would ask a registry for
    it, so the line names our folder.
    """
    what = "." if read_version() is None else DISTRIBUTION
    return f"pip install '{what}[{extra}]'"
