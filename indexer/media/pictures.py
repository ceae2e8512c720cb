"""Reads query images: with ffmpeg, or with Pillow for WebP, AVIF and HEIC."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.media.decoding.graph import shrink_far
from mvsearch.indexer.media.files.containers import (
    AVIF_BRANDS,
    HEAD_BYTES,
    HEIC_BRANDS,
    find_brand,
    has_media_signature,
)
from mvsearch.indexer.media.programs import (
    MAX_PIXELS,
    compile_graph,
    find_reason,
    open_input,
    run_program,
)
from mvsearch.store.errors import MediaError

PICTURE_TIMEOUT_SECONDS = 30.0
DECODE_ERROR = "the picture cannot be decoded: it is damaged or too large"
# Pillow tells the size of these from the header.
_SIZED = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# What Pillow raises for damaged files; its reader of AVIF raises the last.
_DECODE_ERRORS = (OSError, ValueError, SyntaxError, EOFError, RuntimeError)
# In EXIF, from 5 on width and height are swapped.
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
# Pillow reads the whole file of these formats into memory.
MAX_FILE_BYTES = 256 * 2**20

_DEMUXERS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (b"\xff\xd8\xff", "jpeg_pipe"),
    (b"GIF8", "gif"),
    (b"BM", "bmp_pipe"),
    (b"II*\x00", "tiff_pipe"),
    (b"MM\x00*", "tiff_pipe"),
    (b"\xff\x0a", "jpegxl_pipe"),
    (b"\x00\x00\x00\x0cJXL ", "jpegxl_pipe"),
)

Pixels = npt.NDArray[np.uint8]


def has_image_signature(head: bytes) -> bool:
    """Whether the first bytes of a file (up to `HEAD_BYTES`) are those of a picture."""
    has_magic = any(head.startswith(magic) for magic, _ in _DEMUXERS)
    return has_magic or _find_pillow_format(head) is not None


def read_size(path: Path) -> tuple[int, int]:
    """Read the width and height of an image as it is shown, from its header; nothing is decoded.

    Raises:
        MediaError: "decode_failed"; it is no such picture, or too large to be read.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=_SIZED) as opened:
            width, height = opened.size
            if not 0 < width * height <= MAX_PIXELS:
                raise MediaError("decode_failed", DECODE_ERROR)
            # To look for it behind the pixels of a PNG, Pillow would decode them all.
            has_exif = opened.format != "PNG" or "exif" in opened.info
            turned = has_exif and opened.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
    except (*_DECODE_ERRORS, Image.DecompressionBombError):
        raise MediaError("decode_failed", DECODE_ERROR) from None
    return (height, width) if turned else (width, height)


def read_image(path: Path, frame_size: tuple[int, int]) -> Pixels:
    """Read an image (PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF, JPEG XL), or the first of an animation.

    HEIC needs the package `pillow_heif`.

    Args:
        path: of the image; its format is detected from its content.
        frame_size: (width, height) in pixels to which it is scaled, without keeping its shape.

    Returns:
        (height, width, 3) uint8 RGB; transparent parts are white.

    Raises:
        MediaError: "unreadable", "no_media" (not an image), "decode_failed" or "timed_out".
        ToolMissingError: ffmpeg is not installed.
    """
    head = _read_head(path)
    kind = _find_pillow_format(head)
    if kind is not None:
        return _read_with_pillow(path, kind, frame_size)
    width, height = frame_size
    demuxer = _find_demuxer(head)
    source = open_input(path, demuxer, {"format": demuxer})["v:0"]
    near = shrink_far(source, width, height)
    scaled = near.filter("scale", width, height, flags="bicubic+accurate_rnd+full_chroma_int")
    output = scaled.output("pipe:1", format="rawvideo", pix_fmt="rgba", vframes=1)
    done = run_program(compile_graph(output), PICTURE_TIMEOUT_SECONDS)
    if done.returncode != 0 or len(done.stdout) < width * height * 4:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", DECODE_ERROR)
    pixels = np.frombuffer(done.stdout, np.uint8)[: width * height * 4].reshape(height, width, 4)
    opacity = pixels[..., 3:].astype(np.float32) / 255.0
    on_white = pixels[..., :3] * opacity + 255.0 * (1.0 - opacity)
    rounded: Pixels = np.round(on_white).astype(np.uint8)
    return rounded


def _read_head(path: Path) -> bytes:
    """Read the first bytes of a file.

    Raises:
        MediaError: "unreadable".
    """
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise find_reason(error.strerror or "") or MediaError(
            "unreadable", "the picture cannot be read"
        ) from None


def _find_demuxer(head: bytes) -> str:
    """Return the demuxer for an image; ffmpeg's own choice reads `%d` in names as a pattern.

    Raises:
        MediaError: "no_media".
    """
    for magic, demuxer in _DEMUXERS:
        if head.startswith(magic):
            return demuxer
    if has_media_signature(head):
        raise MediaError("no_media", "it is video or sound, not a picture")
    raise MediaError("no_media", "it is not a picture that can be read (PNG, JPEG, WebP, GIF, ...)")


def _find_pillow_format(head: bytes) -> str | None:
    """Return Pillow's name of a format that not every ffmpeg reads, else None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    brand = find_brand(head)
    if brand in AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brand in HEIC_BRANDS else None


def _read_with_pillow(path: Path, kind: str, frame_size: tuple[int, int]) -> Pixels:
    """Decode an image with Pillow, after checking its size."""
    from PIL import Image, ImageOps

    _check_reader(kind)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise MediaError("decode_failed", DECODE_ERROR)
        with Image.open(io.BytesIO(path.read_bytes()), formats=(kind,)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise MediaError("decode_failed", DECODE_ERROR)
            turned = ImageOps.exif_transpose(opened).convert("RGBA")
        on_white = Image.new("RGBA", turned.size, "white")
        on_white.alpha_composite(turned)
        scaled = on_white.convert("RGB").resize(frame_size, Image.Resampling.BICUBIC)
    except (*_DECODE_ERRORS, MemoryError, Image.DecompressionBombError):
        raise MediaError("decode_failed", DECODE_ERROR) from None
    pixels: Pixels = np.asarray(scaled, np.uint8)
    return pixels


def _check_reader(kind: str) -> None:
    """Check that Pillow can read a format.

    Raises:
        MediaError: "no_media"; the message says what to install.
    """
    from PIL import features

    if kind == "HEIF":
        try:
            import pillow_heif
        except ImportError:
            raise MediaError(
                "no_media",
                "it is a HEIC picture; type: pip install pillow-heif, or save it as JPEG",
            ) from None
        pillow_heif.register_heif_opener()
    elif not features.check(kind.lower()):
        raise MediaError("no_media", f"this Pillow was built without {kind}; save it as JPEG")
