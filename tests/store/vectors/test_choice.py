"""What keeps the vector indexes of a library in a folder."""

from pathlib import Path

import pytest

from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pgvector", "in a folder keeps its vector index by faiss; pgvector needs one on Postgre"),
        ("milvus://localhost:19530", "by faiss; milvus needs one on PostgreSQL"),
        ("FAISS", "there is no vector index 'FAISS': choose faiss, pgvector or milvus://"),
        ("", "there is no vector index ''"),
        ("https://root:s3cret@db.example", "there is no vector index 'https://': choose"),
        ("Milvus://s3cret@db.example", "there is no vector index 'Milvus://': choose"),
    ],
)
def test_a_library_in_a_folder_has_faiss_alone(tmp_path: Path, name: str, message: str) -> None:
    with Library.open(tmp_path, create=True) as library:
        assert library.vectors == "faiss"
        library.choose_vectors("faiss")
        with pytest.raises(MvsearchError, match=message) as raised:
            library.choose_vectors(name)
        assert "\n" not in str(raised.value)
        assert "s3cret" not in str(raised.value)
        assert library.vectors == "faiss"
