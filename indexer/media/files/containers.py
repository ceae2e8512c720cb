"""Recognises media containers by their first bytes."""

import os
import re
from pathlib import Path

# Holds three packets of a transport stream, or two of the longest MPEG audio frames.
HEAD_BYTES = 4096

# Suffixes with other common meanings (.ts is TypeScript, .mod music or text, .dat anything) are not
# listed; such files are recognised by their content.
_SIDE_CARS = (
    *(".nfo", ".json", ".description", ".lrc", ".srt", ".vtt"),
    *(".jpg", ".jpeg", ".png", ".webp"),
)
_ENDING = re.compile(
    r"\.(3g2|3gp|aac|ac3|aiff?|amr|ape|asf|avi|caf|divx|dv|f4v|flac|flv|m1v|m2ts?|m2v|m4[abv]|mk[av]|"
    r"mov|mp[234ceg]|mpeg|mts|mxf|og[agmv]|opus|qt|ra|rm|rmvb|spx|tta|vob|wav|web[am]|wm[av]|wv)",
    re.IGNORECASE,
)
_MAGIC = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"OggS",
    b"\x00\x00\x01\xba",  # MPEG programme stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",  # ASF: WMA, WMV
    b"riff\x2e\x91\xcf\x11",  # Wave64
    b"fLaC",
    b"ID3",
    b"caff\x00",
    b".snd\x00\x00\x00",
    b"MAC ",
    b"wvpk",
    b"TTA1",
    b"#!AMR",
    b".RMF",
    b"MPCK",
    b"MP+",
    b"\x7f\xfe\x80\x01",  # DTS
    b"DKIF",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01",  # MXF
    b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d",  # WTV
)
_RIFF_KINDS = frozenset({b"AVI ", b"AVIX", b"WAVE"})
_AIFF_KINDS = frozenset({b"AIFF", b"AIFC"})
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"pnot"})
# Brands of ISO/IEC 23008-12: images and image sequences.
AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
)
# ISO files that hold only images; also JPEG 2000 and camera raw.
_PICTURE_BRANDS = AVIF_BRANDS | HEIC_BRANDS | {b"jp2 ", b"jpx ", b"crx "}
# ISO/IEC 11172-3 and 13818-3: kbit/s by (version, layer); 2 stands for versions 2 and 2.5.
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES = (44100, 48000, 32000)


def has_media_ending(path: Path) -> bool:
    """Return whether a file name has the suffix of a video or audio format."""
    return _ENDING.fullmatch(path.suffix) is not None


def may_lead_to_media(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry of a folder is neither hidden nor a file that lies beside media.

    Lyrics, metadata and pictures are told by their endings, and not opened.
    """
    is_beside = entry.name.lower().endswith(_SIDE_CARS) and not entry.is_dir()
    return not (is_beside or entry.name.startswith("."))


def has_media_signature(head: bytes) -> bool:
    """Whether the first bytes of a file (up to `HEAD_BYTES`) are those of a media container."""
    return (
        head.startswith(_MAGIC)
        or _is_iff(head)
        or _is_iso(head)
        or _is_transport_stream(head)
        or _is_adts(head)
        or _is_mpeg_audio(head)
    )


def find_brand(head: bytes) -> bytes | None:
    """Return the major brand of an ISO media file (ISO/IEC 14496-12, 4.3), else None."""
    return head[8:12] if head[4:8] == b"ftyp" and len(head) >= 12 else None


def _is_iff(head: bytes) -> bool:
    """Recognise RIFF, RF64, RIFX and AIFF by the form type after the size."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return head[8:12] in _RIFF_KINDS
    return head[:4] == b"FORM" and head[8:12] in _AIFF_KINDS


def _is_iso(head: bytes) -> bool:
    """Recognise MP4 and QuickTime by the type or brand of the first box; no image brands."""
    brand = find_brand(head)
    if brand is not None:
        return brand not in _PICTURE_BRANDS
    return head[4:8] in _QUICKTIME_BOXES


def _is_transport_stream(head: bytes) -> bool:
    """Recognise sync bytes of three packets of 188 bytes, or of 192 with time codes (M2TS)."""
    return any(
        len(head) > offset + 2 * length
        and all(head[offset + number * length] == 0x47 for number in range(3))
        for offset, length in ((0, 188), (4, 192))
    )


def _is_adts(head: bytes) -> bool:
    """Recognise two consecutive ADTS frames (ISO/IEC 13818-7); one sync word may be chance."""
    length = _adts_length(head, 0)
    return length > 0 and _adts_length(head, length) > 0


def _adts_length(head: bytes, at: int) -> int:
    """Return the length in bytes of the ADTS frame at an offset; 0 if there is none."""
    header = head[at : at + 7]
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 and (header[2] >> 2 & 15) < 13 else 0


def _is_mpeg_audio(head: bytes) -> bool:
    """Recognise two consecutive MPEG audio frames."""
    length = _mpeg_audio_length(head, 0)
    return length > 0 and _mpeg_audio_length(head, length) > 0


def _mpeg_audio_length(head: bytes, at: int) -> int:
    """Return the length in bytes of the MPEG audio frame at an offset; 0 if there is none."""
    header = head[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    kilobits = _BITRATES[1 if version == 3 else 2, layer][bitrate - 1]
    hertz = _SAMPLE_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kilobits // hertz + padding) * 4
    per_frame = 72_000 if layer == 3 and version != 3 else 144_000
    return per_frame * kilobits // hertz + padding
