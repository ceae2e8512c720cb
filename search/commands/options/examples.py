"""The examples at the end of each command's help."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "mvsearch": (
        "mvsearch index ~/Videos",
        "mvsearch search take me home along the river --open",
        "mvsearch play",
        'mvsearch similar "Paper Moon"',
    ),
    "index": (
        "mvsearch index ~/Videos",
        "mvsearch index ~/Videos ~/Music/live song.mp4",
        "mvsearch index ~/Videos --fast --lyrics off",
        "mvsearch index /media/videos --on ray://head.example:10001",
    ),
    "workers start": (
        "mvsearch workers start --head",
        "mvsearch workers start --join head.example:6379",
    ),
    "transcribe": (
        "mvsearch transcribe",
        'mvsearch transcribe "Paper Moon" --language en',
    ),
    "search": (
        "mvsearch search beach.jpg",
        "mvsearch search take me home along the river --open",
        "mvsearch search --clip party.mp4@1:05-1:15 --top 3",
        "mvsearch search rain at night --year 1980-1989 --language de",
        "mvsearch search --image beach.jpg --for-music",
        'mvsearch search --looks-like "Paper Moon" --sounds-unlike "Paper Moon"',
        'mvsearch search --text "a beach" --not-text rain --unlike "Paper Moon"',
        'mvsearch search --text crowd --while --lyric "take me home" --then rain --within 12',
    ),
    "refine": (
        "mvsearch refine --like 2,5 --dislike 1:sound",
        "mvsearch refine beach --like 3@1:05-1:10:look --new",
        "mvsearch refine beach --undo",
    ),
    "sessions": ("mvsearch sessions list",),
    "sessions list": ("mvsearch sessions list",),
    "sessions rename": ('mvsearch sessions rename last "rain at night"',),
    "sessions delete": ("mvsearch sessions delete beach",),
    "play": (
        "mvsearch play",
        "mvsearch play 2",
    ),
    "compose": (
        "mvsearch compose --image beach.jpg",
        'mvsearch compose --image beach.jpg --seconds 20 --caption "calm guitar" --out calm.wav',
    ),
    "serve": (
        "mvsearch serve --open",
        "mvsearch serve --host 0.0.0.0 --read-only",
    ),
    "similar": (
        'mvsearch similar "Paper Moon"',
        "mvsearch similar --all --format html --out report.html",
    ),
    "mix": (
        'mvsearch mix "Paper Moon" --minutes 45',
        'mvsearch mix "Paper Moon" "Ten Thousand Windows" --by look --m3u --out night.m3u8',
        'mvsearch mix "Paper Moon" --harmonic --bpm 118-126',
        "mvsearch mix --from calm --to energetic --minutes 60 --m3u",
        "mvsearch mix --from .3,.2 --to happy --xspf --out evening.xspf",
    ),
    "versions": (
        "mvsearch versions",
        "mvsearch versions --format html --out versions.html",
        "mvsearch versions --review",
        "mvsearch versions --move /media/surplus",
        "mvsearch versions --undo '/media/surplus/undo 2026-11-29 10-00-00.jsonl'",
    ),
    "evaluate": (
        "mvsearch evaluate --clips 20 --kinds clip,image",
        "mvsearch evaluate --compare embedded,semantic --html how-well.html",
        "mvsearch evaluate --compare resnet50 --kinds clip,image",
    ),
    "mood": (
        "mvsearch mood beach.jpg song.mp3",
        "mvsearch mood party.mp4@1:05-1:15 --json",
    ),
    "lyrics": (
        'mvsearch lyrics "Paper Moon" --format lrc',
        "mvsearch lyrics --all --out lyrics",
        'mvsearch lyrics "Paper Moon" --fit',
        "mvsearch lyrics --all --fit --apply",
        "mvsearch lyrics --all --fetch lrclib --write",
        'mvsearch lyrics "Paper Moon" --undo',
    ),
    "export nfo": (
        "mvsearch export nfo --all",
        'mvsearch export nfo "Paper Moon" --overwrite',
        "mvsearch export nfo --all --out NFO",
    ),
    "export embeddings": (
        "mvsearch export embeddings vectors.npz",
        "mvsearch export embeddings frames.parquet --modality frames",
    ),
    "list": (
        "mvsearch list",
        "mvsearch list --artist abba --no-lyrics --folder ~/Videos/live",
        "mvsearch list --mood calm --sort mood-gap",
        "mvsearch list --removed",
        "mvsearch list --json",
    ),
    "show": ('mvsearch show "Paper Moon"',),
    "remove": (
        'mvsearch remove "Paper Moon"',
        "mvsearch remove --missing",
    ),
    "failures": ("mvsearch failures",),
    "status": ("mvsearch status",),
    "check": (
        "mvsearch check",
        "mvsearch check --repair",
    ),
    "copy": (
        "mvsearch copy ~/library postgresql+psycopg://me@server/videos",
        "mvsearch copy postgresql+psycopg://me@server/videos ~/copy",
    ),
    "config path": ("mvsearch config path",),
    "config show": ("mvsearch config show",),
    "plugins": ("mvsearch plugins",),
    "models list": ("mvsearch models list",),
    "models licences": ("mvsearch models licences",),
    "models check": (
        "mvsearch models check",
        "mvsearch models check siglip2",
    ),
    "models fetch": ("mvsearch models fetch whisper-base",),
    "train songs": (
        "mvsearch train songs",
        "mvsearch train songs --recipe published --device cuda",
        "mvsearch train songs --name songs-1 --frames 100 --seed 1",
    ),
    "train audiovisual": (
        "mvsearch train audiovisual",
        "mvsearch train audiovisual --groups groups.csv --temporal 0",
    ),
    "train drop-towers": ("mvsearch train drop-towers",),
    "train drop-heads": ("mvsearch train drop-heads",),
    "train mood": (
        "mvsearch train mood emotion",
        "mvsearch train mood emotion --name mood-1 --within-picture 0 --within-sound 0",
    ),
    "train compose": (
        "mvsearch train compose",
        "mvsearch train compose --pieces 20 --seconds 10 --tokens 16",
    ),
    "train list": ("mvsearch train list",),
    "train show": ("mvsearch train show songs-1",),
    "train use": ("mvsearch train use songs-1",),
    "watch": (
        "mvsearch watch ~/Videos",
        "mvsearch watch ~/Videos /media/songs --interval 30 --settle 60",
        "mvsearch watch ~/Videos --once",
    ),
    "doctor": ("mvsearch doctor", "mvsearch doctor --json"),
    "encoders list": ("mvsearch encoders list",),
    "encoders add": ("mvsearch encoders add resnet50", "mvsearch encoders add e5"),
    "encoders rollback": (
        "mvsearch encoders rollback",
        "mvsearch encoders rollback --of lyrics",
    ),
    "encoders switch": (
        "mvsearch encoders switch songs-1",
        "mvsearch encoders switch efficientnet-lite0",
    ),
    "encoders drop": ("mvsearch encoders drop songs-1",),
    "metric clip-score": (
        'mvsearch metric clip-score --image beach.jpg --text "a beach" "a forest"',
    ),
    "metric clap-score": (
        'mvsearch metric clap-score --audio song.mp3 --text "a calm piano" "heavy metal"',
    ),
    "metric imsm": ("mvsearch metric imsm --video party.mp4 --interval 5 --audio-length 5",),
    "metric clipsim": ('mvsearch metric clipsim --video party.mp4 --text "people dancing"',),
    "metric emotion-match": (
        "mvsearch metric emotion-match --image beach.jpg --audio song.mp3 --values values.csv",
    ),
    "metric av-align": ("mvsearch metric av-align --video party.mp4",),
    "metric timbre": ("mvsearch metric timbre --audio one.mp3 two.mp3 three.mp3 --plot pairs.png",),
    "metric fad": ("mvsearch metric fad --reference real --candidate made",),
    "metric fvd": ("mvsearch metric fvd --reference real --candidate made",),
    "metric inception-score": ("mvsearch metric inception-score --videos made",),
    "metric report": (
        "mvsearch metric report --candidate made/ --reference real/ --html report.html",
        "mvsearch metric report --candidate made/ --reference real/ --pairs pairs.csv --json",
    ),
    "metric kl": ("mvsearch metric kl --reference real --candidate made",),
}


def show_examples(name: str) -> str:
    """The examples at the end of a command's help, not wrapped.

    A group shows the first example of each of its commands.
    """
    of_group = (each[0] for command, each in EXAMPLES.items() if command.startswith(f"{name} "))
    lines = EXAMPLES.get(name) or tuple(of_group)
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
