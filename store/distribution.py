"""Names the installed distribution, its version and its extras."""

# The registry of Python packages has another program under the command's name.
DISTRIBUTION = "music-video-search"


def read_version() -> str | None:
    """The version that is installed; None where the modules run from their folder."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms that --help can do without

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return None


# What a light installation lacks: the modules of packages that `light.txt` leaves out.
LEFT_OUT = frozenset(
    ("efficientnet_lite_pytorch", "onnxscript", "torch", "torchvision", "transformers", "whisper")
)


# The modules of the extra `web`.
OF_SERVER = frozenset(("fastapi", "prometheus_client", "pydantic", "starlette", "uvicorn"))


def explain_absence(error: ModuleNotFoundError) -> str:
    """One line on a module that a light installation, or one without the server, lacks.

    Raises:
        ModuleNotFoundError: the error itself, where the module is none of these.
    """
    name = (error.name or "").partition(".")[0]
    if name not in LEFT_OUT | OF_SERVER:
        raise error
    line = name_install("web" if name in OF_SERVER else "")
    return f"{error.name} is not installed, which this needs; type: {line}"


def name_install(extra: str = "") -> str:
    """The line that installs an extra, or all that is asked for by default; for messages.

    pip takes our name for what is installed under it. Where nothing is, it would ask a registry for
    it, so the line names our folder.
    """
    what = "." if read_version() is None else DISTRIBUTION
    return f"pip install '{what}[{extra}]'" if extra else f"pip install {what}"
