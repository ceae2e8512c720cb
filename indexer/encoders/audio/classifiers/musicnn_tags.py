"""The tags of musicnn's networks, and which of them mean the same."""

import re

# Of MagnaTagATune, then of the Million Song Dataset (Last.fm), in the order of the outputs.
TAGS: tuple[str, ...] = tuple(
    re.split(
        r",\s+",
        """guitar, classical, slow, techno, strings, drums, electronic, rock, fast, piano, ambient,
        beat, violin, vocal, synth, female, indian, opera, male, singing, vocals, no vocals,
        harpsichord, loud, quiet, flute, woman, male vocal, no vocal, pop, soft, sitar, solo,
        man, classic, choir, voice, new age, dance, male voice, female vocal, beats, harp,
        cello, no voice, weird, country, metal, female voice, choral, rock, pop, alternative,
        indie, electronic, female vocalists, dance, 00s, alternative rock, jazz, beautiful,
        metal, chillout, male vocalists, classic rock, soul, indie rock, mellow, electronica,
        80s, folk, 90s, chill, instrumental, punk, oldies, blues, hard rock, ambient, acoustic,
        experimental, female vocalist, guitar, hip-hop, 70s, party, country, easy listening,
        sexy, catchy, funk, electro, heavy metal, progressive rock, 60s, rnb, indie pop, sad,
        house, happy""",
    )
)
# Of each network.
N_TAGS = 50
# Annotators chose one of several words for the same; their probabilities are added.
SAME: dict[str, str] = {
    **dict.fromkeys(("male", "man", "male voice", "male vocalists"), "male vocal"),
    **dict.fromkeys(
        ("female", "woman", "female voice", "female vocalists", "female vocalist"), "female vocal"
    ),
    **dict.fromkeys(("vocals", "voice", "singing"), "vocal"),
    **dict.fromkeys(("no vocal", "no voice"), "no vocals"),
    "classic": "classical",
    "choral": "choir",
    "beats": "beat",
    "electronica": "electronic",
    "chillout": "chill",
}

# The names in use, each once.
NAMES: tuple[str, ...] = tuple(dict.fromkeys(SAME.get(tag, tag) for tag in TAGS))
