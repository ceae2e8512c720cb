"""Cuts and distortions, each measured on what ffmpeg decodes of them again."""

import json
import math
import subprocess

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from mvsearch.indexer.media.decoding.frames import DecodeOptions, FrameBatch, decode
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import passthrough_option
from mvsearch.search.evaluation.queries import clip_extraction
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame, cut_mix
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS, names_of
from mvsearch.search.evaluation.queries.distortion.overlay import draw_overlay
from mvsearch.search.evaluation.queries.distortion.staging import Backdrop, Camera
from mvsearch.search.evaluation.queries.source import fit_size
from mvsearch.store.errors import MediaError

RATE = 44_100
WIDTH, HEIGHT = 320, 180
START, SECONDS = 11.43, 2.0
# Where the video behind an inset begins: it has but a second left.
BEHIND = 13.0
# The luma of each frame tells its time: twelve steps a second.
CLOCK = "color=gray:s=64x64:r=25:d=14,format=yuv420p,geq=lum='40+T*12':cb=128:cr=128"
SCENE = f"testsrc2=s={WIDTH}x{HEIGHT}:r=10:d=14"
TONE = "aevalsrc='0.2*sin(2*PI*440*t)+0.1*sin(2*PI*3000*t*t/14)':s=44100:d=14"


def run_ffmpeg(*words):
    command = ["ffmpeg", "-v", "error", "-y", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def make(path, *sources, options=()):
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    # One key frame in ten seconds: a cut that copies or seeks lands elsewhere.
    codec = ("-c:v", "libx264", "-crf", 8, "-preset", "ultrafast", "-g", 250, "-c:a", "flac")
    run_ffmpeg(*inputs, *codec, *options, "-shortest", path)
    return path


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return make(tmp_path_factory.mktemp("scene") / "-scene's %d.mkv", SCENE, TONE)


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    return make(tmp_path_factory.mktemp("clock") / "clock.mkv", CLOCK, "sine=d=14")


@pytest.fixture(scope="module")
def cut(scene, clock, tmp_path_factory):
    """Makes each cut of the scene once."""
    folder, made = tmp_path_factory.mktemp("cuts"), {}

    def make_cut(name):
        if name not in made:
            out = folder / f"{len(made)}.mkv"
            distortion, behind = DISTORTIONS[name], Backdrop(clock, BEHIND)
            made[name] = cut_clip(scene, START, SECONDS, distortion, out, 5, behind)
        return made[name]

    return make_cut


def read_frames(path, size=None):
    probe = ask(path)["streams"][0]
    width, height = size or (probe["width"], probe["height"])
    scale = ("-vf", f"scale={width}:{height}") if size else ()
    as_is = [word for name, value in passthrough_option().items() for word in (f"-{name}", value)]
    form = (*as_is, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    raw = run_ffmpeg("-i", f"file:{path}", *scale, *form)
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3).astype(float)


def read_sound(path):
    raw = run_ffmpeg("-i", f"file:{path}", "-vn", "-ac", 1, "-ar", RATE, "-f", "f32le", "-")
    return np.frombuffer(raw, np.float32).astype(float)


def ask(path):
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format"]
    return json.loads(subprocess.run([*command, str(path)], capture_output=True, check=True).stdout)


def ask_frames(path, *words):
    command = ["ffprobe", "-v", "error", *words, str(path)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()


def find_pitch(samples):
    """The highest peak of the spectrum in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return spectrum.argmax() * RATE / len(samples)


def differ(one, other):
    return np.abs(one - other).mean()


@pytest.mark.parametrize("start", [0.0, 3.37, 11.43])
def test_a_cut_begins_where_it_is_said_to(clock, tmp_path, start):
    out = cut_clip(clock, start, 1.5, DISTORTIONS["none"], tmp_path / "cut.mkv", seed=0)
    cut_luma = read_frames(out)[..., 0].mean(axis=(1, 2))
    luma = read_frames(clock)[..., 0].mean(axis=(1, 2))
    assert len(cut_luma) in (37, 38)
    expected = luma[math.ceil(start * 25) :][: len(cut_luma)]
    # From one frame to the next luma rises by half a step.
    assert (cut_luma - expected).mean() == pytest.approx(0, abs=0.2)
    assert np.abs(cut_luma - luma[math.ceil(start * 25) + 12 :][: len(cut_luma)]).min() > 3


@pytest.mark.parametrize("name", DISTORTIONS)
def test_a_cut_has_the_length_and_the_streams_that_it_is_said_to_have(cut, name):
    each = DISTORTIONS[name]
    found = ask(cut(name))
    seconds = SECONDS / each.speed + (0.331 if name == "echo" else 0)  # the last reflection
    assert float(found["format"]["duration"]) == pytest.approx(seconds, abs=0.16)
    kinds = {stream["codec_type"] for stream in found["streams"]}
    assert ("video" in kinds, "audio" in kinds) == (each.has_picture, each.has_sound)
    if each.has_sound:
        assert len(read_sound(cut(name))) / RATE == pytest.approx(seconds, abs=0.16)


def test_nothing_is_lost_where_nothing_is_done(scene, cut):
    sound = read_sound(scene)[round(START * RATE) :][: round(SECONDS * RATE)]
    # Matroska's times are milliseconds: 44 samples either way.
    heard = read_sound(cut("none"))[50:80_000]
    errors = [np.abs(heard - sound[50 + lag :][: len(heard)]).max() for lag in range(-44, 45)]
    assert min(errors) < 1e-3
    frames = read_frames(cut("none"))
    original = read_frames(scene)[round(START * 10 + 0.7) :][: len(frames)]
    assert len(frames) == 20
    assert 10 * np.log10(255**2 / np.mean((frames - original) ** 2)) > 35


def test_a_cut_is_the_same_each_time(cut):
    # With more threads x264 depends on the load; it writes its settings into the file.
    path = cut("none")
    assert b"x264" in path.read_bytes()
    assert b" threads=1 lookahead_threads=1 " in path.read_bytes()


def test_pictures_suffer_what_they_are_said_to(cut):
    clean = read_frames(cut("none"))
    mean = clean.mean(axis=(0, 1, 2))
    assert (
        differ(read_frames(cut("mirrored")), clean[:, :, ::-1])
        < 6
        < differ(clean, clean[:, :, ::-1])
    )
    grey = read_frames(cut("grey"))
    assert np.ptp(grey, axis=3).max() <= 2
    assert np.ptp(clean, axis=3).max() > 200
    assert read_frames(cut("dark")).mean(axis=(0, 1, 2)) == pytest.approx(mean * 0.4, rel=0.05)
    cast = read_frames(cut("colour cast")).mean(axis=(0, 1, 2))
    assert cast == pytest.approx(mean * (1.0, 0.8, 0.55), rel=0.05)


def test_pictures_take_the_shapes_that_they_are_said_to(cut):
    clean = read_frames(cut("none"))
    assert clean.shape[1:3] == (HEIGHT, WIDTH)
    assert read_frames(cut("144p")).shape[1:3] == (144, 256)
    cropped = read_frames(cut("crop 70 %"))
    assert cropped.shape[1:3] == (126, 224)
    assert differ(cropped, clean[:, 27:153, 48:272]) < 6
    boxed = read_frames(cut("letterbox"))
    assert boxed.shape[1:3] == (240, 320)
    assert boxed[:, :28].max() < 12
    assert boxed[:, -28:].max() < 12
    assert differ(boxed[:, 30:210], clean) < 6


def test_pictures_are_turned_and_tilted(cut):
    clean = read_frames(cut("none"))
    turned = read_frames(cut("rotated 8°"))[0]
    # Rows grow downwards: a turn to the right is one by minus its angle in scipy's axes.
    expected = ndimage.rotate(clean[0], -8, axes=(0, 1), reshape=False, order=1)
    middle = (slice(40, 140), slice(80, 240))
    assert differ(turned[middle], expected[middle]) < 12 < differ(turned[middle], clean[0][middle])
    tilted = read_frames(cut("perspective"))[0]
    corners = {(0.10, 0.04): (2, 2), (0.97, 0.12): (2, -3), (0.03, 0.98): (-3, 2)}
    for (x, y), (row, column) in corners.items():
        source = clean[0][
            round(y * HEIGHT) + (2 if row > 0 else -3), round(x * WIDTH) + (2 if column > 0 else -3)
        ]
        assert np.abs(tilted[row, column] - source).max() < 60


def test_the_overlay_lies_where_it_is_drawn_and_nowhere_else(cut):
    alpha = np.frombuffer(draw_overlay(WIDTH, HEIGHT), np.uint8).reshape(HEIGHT, WIDTH, 4)[..., 3]
    assert 0.1 < (alpha > 0).mean() < 0.3
    change = np.abs(read_frames(cut("overlay")) - read_frames(cut("none"))).mean(axis=(0, 3))
    drawn = ndimage.binary_dilation(alpha > 0, iterations=4)
    assert change[~drawn].mean() < 4
    assert change[alpha > 200].mean() > 40


def test_a_filmed_screen_stands_askew_in_a_dark_room(cut):
    camera = Camera.draw(5)
    filmed, clean = read_frames(cut("filmed from a screen"))[0], read_frames(cut("none"))[0]
    width, height = camera.fit(WIDTH, HEIGHT)
    assert filmed.shape[:2] == (height, width)
    assert filmed[:3].mean() < 60 < clean.mean()
    # The corners are moved by less than a tenth, so the middles of both are still alike.
    room = round(camera.margin * WIDTH), round(camera.margin * HEIGHT)
    screen = filmed[room[1] : room[1] + HEIGHT, room[0] : room[0] + WIDTH]
    found = [
        np.corrcoef(*(ndimage.gaussian_filter(f.mean(axis=2), 8).ravel() for f in (one, clean)))
        for one in (screen, screen[:, ::-1])
    ]
    assert found[0][0, 1] > 0.5 > 0.2 > found[1][0, 1]
    assert differ(screen, clean) > 20


def test_a_camera_is_drawn_by_its_seed():
    assert Camera.draw(1) == Camera.draw(1) != Camera.draw(2)
    light = np.frombuffer(Camera.draw(1).draw_light(64, 36), np.uint8).reshape(36, 64, 4)
    at_x, at_y, opacity = Camera.draw(1).glare
    peak = light[round(at_y * 36), round(at_x * 64), 3] / 255
    assert opacity - 0.05 <= peak <= opacity + 0.15
    assert len(np.unique(light[..., :3].reshape(-1, 3), axis=0)) > 100, "stripes have colours"


def test_an_inset_lies_over_the_other_video_until_it_ends(cut, clock):
    frames, clean = read_frames(cut("picture-in-picture")), read_frames(cut("none"))
    assert frames.shape[1:3] == (64, 64)
    inside = frames[-1, 30:62, :32]
    expected = np.asarray(Image.fromarray(clean[-1].astype(np.uint8)).resize((32, 32)), float)
    assert differ(inside, expected) < 40 < differ(expected[:, ::-1], inside)
    behind = frames[:, :28, 36:].mean(axis=(1, 2, 3))
    luma = read_frames(clock).mean(axis=(1, 2, 3))
    assert behind[0] == pytest.approx(luma[round(BEHIND * 25)], abs=2)
    assert behind[-1] == pytest.approx(luma[-1], abs=3)


def test_a_mix_has_the_picture_of_one_file_and_the_sound_of_another(cut, scene, clock, tmp_path):
    made = cut_mix(clock, START, SECONDS, Backdrop(scene, 5.0), tmp_path / "mix.mkv")
    luma = read_frames(made).mean(axis=(1, 2, 3))
    assert luma[0] == pytest.approx(
        read_frames(clock).mean(axis=(1, 2, 3))[round(START * 25)], abs=2
    )
    samples = read_sound(made)
    assert len(samples) / RATE == pytest.approx(SECONDS, abs=0.03)
    # The sound of the scene rises by 3000 / 7 Hz a second.
    rising = np.diff(samples[: RATE // 10], 8)  # the lower tone is all but gone
    assert find_pitch(rising) == pytest.approx(5.05 * 3000 / 7, rel=0.02)
    silent = make(tmp_path / "silent.mkv", "testsrc2=s=64x64:r=10:d=1")
    with pytest.raises(MediaError, match="no picture or no sound"):
        cut_mix(scene, START, SECONDS, Backdrop(silent, 0.0), tmp_path / "none.mkv")


def test_upright_pictures_are_nine_by_sixteen(cut):
    upright = read_frames(cut("9:16 crop"))
    assert upright.shape[1:3] == (180, 100)
    assert differ(upright, read_frames(cut("none"))[:, :, 110:210]) < 8


def test_a_low_bit_rate_is_low(cut):
    assert cut("low bit-rate").stat().st_size * 8 / SECONDS < 130_000
    assert cut("none").stat().st_size > 4 * cut("low bit-rate").stat().st_size
    assert differ(read_frames(cut("low bit-rate")), read_frames(cut("none"))) > 2


def test_speed_changes_length_and_keeps_pitch(cut):
    for name in ("0.9× speed", "1.1× speed"):
        assert find_pitch(read_sound(cut(name))) == pytest.approx(440, rel=0.01)
        words = ("-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0")
        times = [float(time.strip(",")) for time in ask_frames(cut(name), *words)]
        assert np.diff(times) == pytest.approx(0.1 / DISTORTIONS[name].speed, abs=0.002)


def test_a_tape_played_faster_is_shorter_and_higher(cut):
    assert find_pitch(read_sound(cut("1.25× with pitch"))) == pytest.approx(550, rel=0.01)
    lengths = [len(read_sound(cut(name))) for name in ("none", "1.25× with pitch")]
    assert lengths[0] / lengths[1] == pytest.approx(1.25, rel=0.03)


def test_an_echo_rings_on_and_a_phone_leaves_its_band(cut, tmp_path):
    sweep = make(tmp_path / "sweep.mkv", "aevalsrc=sin(2*PI*(100*t+900*t*t)):s=16000:d=6")
    for name, band in (("none", (100, 7000)), ("phone", (300, 3400))):
        out = cut_clip(sweep, 0.0, 4.0, DISTORTIONS[name], tmp_path / "out.mkv", seed=0)
        power = np.abs(np.fft.rfft(read_sound(out))) ** 2
        hertz = np.fft.rfftfreq(2 * len(power) - 2, 1 / RATE)
        inside = power[(hertz > band[0]) & (hertz < band[1])].mean()
        above = power[(hertz > 4500) & (hertz < 6500)].mean()
        assert (above < 0.01 * inside) == (name == "phone")
    click = make(tmp_path / "click.mkv", "aevalsrc=if(lt(mod(t\\,1)\\,0.01)\\,0.5\\,0):s=16000:d=3")
    out = cut_clip(click, 0.0, 2.0, DISTORTIONS["echo"], tmp_path / "out.mkv", seed=0)
    heard = np.abs(read_sound(out))
    assert heard[round(0.097 * RATE) :][: RATE // 200].max() > 0.1 * heard.max()


def test_semitones_shift_pitch_and_keep_length(cut):
    assert find_pitch(read_sound(cut("none"))) == pytest.approx(440, abs=1)
    assert find_pitch(read_sound(cut("semitone up"))) == pytest.approx(466.16, abs=2)
    assert find_pitch(read_sound(cut("semitone down"))) == pytest.approx(415.30, abs=2)


@pytest.mark.parametrize(("name", "decibels"), [("noise 10 dB", 10.0), ("noise 0 dB", 0.0)])
def test_noise_is_as_loud_as_it_is_said_to_be(cut, name, decibels):
    clean, noisy = read_sound(cut("none")), read_sound(cut(name))
    clean, noisy = clean[: len(noisy)], noisy[: len(clean)]
    gain = clean @ noisy / (clean @ clean)
    noise = noisy - gain * clean
    measured = 10 * np.log10(np.mean((gain * clean) ** 2) / np.mean(noise**2))
    assert measured == pytest.approx(decibels, abs=0.2)
    # White: each quarter of the spectrum holds a quarter of the power.
    power = np.abs(np.fft.rfft(noise)) ** 2
    shares = [part.sum() / power.sum() for part in np.array_split(power, 4)]
    assert shares == pytest.approx([0.25] * 4, abs=0.03)


def test_mp3_is_mp3_at_32_kbit_a_second(cut):
    stream = next(s for s in ask(cut("MP3 32k"))["streams"] if s["codec_type"] == "audio")
    assert stream["codec_name"] == "mp3"
    assert int(stream["bit_rate"]) == 32_000


def test_a_frame_suffers_as_a_clip_does(scene, tmp_path):
    frames = {}
    for name in names_of("none", "picture"):
        out = cut_frame(scene, START, DISTORTIONS[name], tmp_path / "frame")
        frames[name] = np.asarray(Image.open(out).convert("RGB"), float)
    original = read_frames(scene)[round(START * 10 + 0.7)]
    assert differ(frames["none"], original) < 3
    assert differ(frames["mirrored"], original[:, ::-1]) < 3
    assert frames["144p"].shape[:2] == (144, 256)
    assert differ(frames["low bit-rate"], original) > 4
    assert differ(frames["perspective"], original) > 4
    with pytest.raises(ValueError, match="noise"):
        cut_frame(scene, START, DISTORTIONS["noise 0 dB"], tmp_path / "frame")
    with pytest.raises(MediaError):
        cut_frame(scene, 99.0, DISTORTIONS["none"], tmp_path / "frame")
    with pytest.raises(MediaError, match="no other video"):
        cut_frame(scene, START, DISTORTIONS["picture-in-picture"], tmp_path / "frame")


def test_what_is_not_there_is_not_distorted(tmp_path):
    mute = make(tmp_path / "mute.mkv", SCENE)
    out = cut_clip(mute, 1.0, 1.0, DISTORTIONS["noise 0 dB"], tmp_path / "out.mkv", seed=0)
    assert [stream["codec_type"] for stream in ask(out)["streams"]] == ["video"]
    with pytest.raises(MediaError, match="sound only"):
        cut_clip(mute, 1.0, 1.0, DISTORTIONS["sound only"], tmp_path / "out.mkv", seed=0)
    blind = make(tmp_path / "blind.mkv", TONE)
    with pytest.raises(MediaError, match="no picture"):
        cut_frame(blind, 1.0, DISTORTIONS["none"], tmp_path / "frame")


def test_colours_of_hd_survive_being_made_small(tmp_path):
    # No colour tags: players and the library take HD for BT.709, small pictures for BT.601.
    hd = make(tmp_path / "hd.mkv", "color=0xC02040:s=1280x720:r=5:d=2")
    out = cut_clip(hd, 0.5, 1.0, DISTORTIONS["none"], tmp_path / "out.mkv", seed=0)
    colours = []
    for path in (hd, out):
        options = DecodeOptions(wants_sound=False, frame_size=(32, 32))
        pieces = decode(path, probe_file(path), options)
        batch = next(piece for piece in pieces if isinstance(piece, FrameBatch))
        colours.append(batch.frames.mean(axis=(0, 1, 2)))
    assert colours[0] == pytest.approx(colours[1], abs=3)


def test_without_x264_a_clip_is_mpeg4(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(
        clip_extraction, "_list_encoders", lambda: frozenset({"mpeg4", "flac", "aac"})
    )
    out = cut_clip(scene, 1.0, 1.0, DISTORTIONS["none"], tmp_path / "out.mkv", seed=0)
    assert ask(out)["streams"][0]["codec_name"] == "mpeg4"
    with pytest.raises(MediaError, match="MP3"):
        cut_clip(scene, 1.0, 1.0, DISTORTIONS["MP3 32k"], tmp_path / "out.mkv", seed=0)


def test_sizes_are_even_and_keep_their_shape():
    assert fit_size(1920, 1080) == (640, 360)
    assert fit_size(1080, 1920) == (360, 640)
    assert fit_size(320, 241) == (320, 240)
    assert fit_size(2000, 100) == (640, 32)
    assert fit_size(1, 1) == (2, 2)


def test_every_name_has_a_family():
    assert len(DISTORTIONS) == 30
    assert names_of("sound") == (
        "noise 10 dB", "noise 0 dB", "MP3 32k", "semitone up", "semitone down", "phone", "echo",
        "other music", "talk 10 dB", "talk 0 dB",
    )  # fmt: skip
    assert names_of("words") == ("two typing errors", "dropped words", "misheard", "paraphrase")
