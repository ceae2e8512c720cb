"""Videos whose picture and sound come from one hidden cause, so that the right answer is known."""

import numpy as np

from mvsearch.indexer.audiovisual.windows import VideoWindows

N_HIDDEN, PICTURE_DIM, SOUND_DIM = 4, 24, 16


def make_videos(
    n_sources: int = 24, n_windows: int = 6, noise: float = 0.3, seed: int = 1, copies: int = 1
) -> list[VideoWindows]:
    """Videos of which each side is a linear map of the same hidden values, and noise."""
    generator = np.random.default_rng(seed)
    to_picture = generator.normal(size=(N_HIDDEN, PICTURE_DIM))
    to_sound = generator.normal(size=(N_HIDDEN, SOUND_DIM))
    videos = []
    for source in range(n_sources):
        hidden = generator.normal(size=N_HIDDEN) + 0.3 * generator.normal(
            size=(n_windows, N_HIDDEN)
        )
        for copy in range(copies):
            pictures = hidden @ to_picture + noise * generator.normal(size=(n_windows, PICTURE_DIM))
            sounds = hidden @ to_sound + noise * generator.normal(size=(n_windows, SOUND_DIM))
            videos.append(
                VideoWindows(
                    f"{source}-{copy}",
                    str(source),
                    np.arange(n_windows, dtype=np.float32),
                    pictures.astype(np.float32),
                    sounds.astype(np.float32),
                )
            )
    return videos
