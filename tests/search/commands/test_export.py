"""The commands that write what a library holds for other programs."""

from pathlib import Path

import numpy as np

from tests.search.commands.conftest import Run


def test_vectors_are_exported_by_their_modality(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    code, said, err = run("export", "embeddings", out, "--modality", "audio")
    assert (code, err) == (0, "")
    assert said.endswith(f"written to {out}\n")
    with np.load(out) as archive:
        assert said.partition(" ")[0] == str(len(archive["audio/vectors"]))
    code, said, err = run("export", "embeddings", out)
    assert (code, said, err.count("\n")) == (2, "", 1)
    assert run("export", "embeddings", tmp_path / "a.csv")[0] == 2
    assert run("export")[0] == 2
