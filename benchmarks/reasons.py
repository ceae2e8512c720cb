"""The reasons for missed goals, which the results page shows beside the rows."""

from dataclasses import replace

from benchmarks.results import Row

# By claim and by what the row measures; a figure that reaches its goal needs none.
REASONS: dict[tuple[str, str], str] = {
    ("1", ""): (
        "decoder, encoders and the reading of pipes share two cores; skipping frames, spectra by"
        " scipy and a batch of pictures a core are in it"
    ),
    ("4", "peak memory of `index`, whole tree of processes, a video"): (
        "vectors of a video are held until it is done; before networks were let go at the end, and"
        " a single video was no longer compared with itself, it was 1.26 x"
    ),
    ("5", "cold"): (
        "more than half is importing, SQLAlchemy most, then the encoder's session, FAISS and, for a"
        " picture, ffmpeg; mapping a network's weights and leaving the process to the system took"
        " half a second off, loading a network beside the imports nothing"
    ),
    ("8", ""): (
        "10,000 files are looked at, what is known of them and of their stages is read, and four"
        " indexes and five backgrounds are opened and written; appending instead of writing anew,"
        " columns instead of rows and one listing of the folder are in it"
    ),
    ("10", "`similar --all --format txt`, twice"): (
        "estimates of all pairs grow with n × n, though each is made once for both, and more often"
        " a song's vectors are no longer at hand; products of other sizes were tried and gained"
        " nothing"
    ),
    ("10", "`similar --all --format txt` for"): (
        "comparing each song with the 25 likeliest is most of it; threads that multiply wait for"
        " Python's lock while another ranks, so that two cores are busy to 0.7, and a shorter"
        " switch interval gained nothing"
    ),
    ("11", ""): (
        "the command's start and end are the same for both, and one worker already decodes beside"
        " the encoders; videos of 1080p at half a frame a second, where decoding weighs most, are"
        " what was found to gain most"
    ),
}


def explain(row: Row) -> Row:
    """A row that falls short with the reason, as far as one is known."""
    if row.verdict != "short":
        return row
    for (claim, what), reason in REASONS.items():
        if row.claim == claim and row.what.startswith(what):
            return replace(row, note=f"{row.note}; short: {reason}".removeprefix("; "))
    return row
