# The server with the default profile and Whisper, without PyTorch, for the processor.
# No test builds this file; tests/search/web/test_container.py compares it with the project.

FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/mvsearch
ENV PATH=/opt/mvsearch/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /source
COPY container.txt ./
RUN pip install --require-hashes --no-deps -r container.txt
COPY pyproject.toml README.md LICENSE __init__.py cli.py ./
COPY indexer ./indexer
COPY search ./search
COPY store ./store
RUN pip install --no-deps .

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home mvsearch \
    && install -d -o mvsearch -g mvsearch /data /videos
COPY --from=build /opt/mvsearch /opt/mvsearch
ENV PATH=/opt/mvsearch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MVSEARCH_LIBRARY=/data/videos.library \
    MVSEARCH_MODELS=/data/models
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8765
HEALTHCHECK --start-period=20s --timeout=5s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8765/health', timeout=4)"]
ENTRYPOINT ["mvsearch"]
CMD ["serve", "--host", "0.0.0.0", "--name", "localhost", "--root", "/videos"]
