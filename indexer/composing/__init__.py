"""Writes music for a picture with MusicGen, from a caption of it or from its joint vector."""

# The networks by name, as `module:class`; each has `weights` and `try_out`.
GENERATORS: dict[str, str] = {
    "blip": "mvsearch.indexer.composing.captions:Captioner",
    "musicgen-small": "mvsearch.indexer.composing.musicgen:MusicGen",
}
