"""Maps language names of files and containers to ISO 639-1 codes."""

from mvsearch.store.errors import MvsearchError

# Code: ISO 639-2 codes (both where there are two), English, native and German names.
_NAMES = {
    "af": "afr afrikaans",
    "ar": "ara arabic arabisch",
    "bg": "bul bulgarian bulgarisch",
    "bn": "ben bengali",
    "bs": "bos bosnian",
    "ca": "cat catalan català",
    "cs": "cze ces czech čeština tschechisch",
    "cy": "wel cym welsh cymraeg",
    "da": "dan danish dansk dänisch",
    "de": "ger deu german deutsch",
    "el": "gre ell greek griechisch",
    "en": "eng english englisch inglés anglais",
    "es": "spa spanish español castellano spanisch",
    "et": "est estonian eesti",
    "eu": "baq eus basque euskara",
    "fa": "per fas persian farsi",
    "fi": "fin finnish suomi finnisch",
    "fr": "fre fra french français französisch",
    "ga": "gle irish gaeilge",
    "gl": "glg galician galego",
    "he": "heb hebrew hebräisch",
    "hi": "hin hindi",
    "hr": "hrv croatian hrvatski",
    "hu": "hun hungarian magyar ungarisch",
    "id": "ind indonesian",
    "is": "ice isl icelandic íslenska",
    "it": "ita italian italiano italienisch",
    "ja": "jpn japanese japanisch 日本語",
    "ka": "geo kat georgian",
    "ko": "kor korean koreanisch 한국어",
    "la": "lat latin latein",
    "lt": "lit lithuanian lietuvių",
    "lv": "lav latvian latviešu",
    "mk": "mac mkd macedonian",
    "ms": "may msa malay",
    "nb": "nob bokmål",
    "nl": "dut nld dutch nederlands niederländisch",
    "nn": "nno nynorsk",
    "no": "nor norwegian norsk norwegisch",
    "pl": "pol polish polski polnisch",
    "pt": "por portuguese português portugiesisch",
    "ro": "rum ron romanian română",
    "ru": "rus russian русский russisch",
    "sk": "slo slk slovak slovenčina",
    "sl": "slv slovenian slovenščina",
    "sq": "alb sqi albanian",
    "sr": "srp serbian srpski",
    "sv": "swe swedish svenska schwedisch",
    "sw": "swa swahili",
    "ta": "tam tamil",
    "te": "tel telugu",
    "th": "tha thai",
    "tl": "tgl tagalog filipino",
    "tr": "tur turkish türkçe türkisch",
    "uk": "ukr ukrainian українська",
    "ur": "urd urdu",
    "vi": "vie vietnamese",
    "yi": "yid yiddish",
    "zh": "chi zho chinese mandarin chinesisch 中文 chs cht",
}
_CODES = {name: code for code, names in _NAMES.items() for name in (code, *names.split())}
# Of ISO 639-1, and the three that Whisper has beyond it: languages may be asked for that no file
# names, as their codes are words and parts of names as well.
_ISO_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht
    hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky
    la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny
    oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss
    st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo
    za zh zu haw jw yue
"""
_ALL_CODES = frozenset(_ISO_CODES.split())
# Marks beside the language that players know; they are no language.
_FLAGS = frozenset({"forced", "sdh", "cc", "default", "lyrics", "full"})


def find_language(name: str | None) -> str | None:
    """The ISO 639-1 code of a code or name such as `ger`, `pt-BR` or `Deutsch`; else None."""
    if not name:
        return None
    whole = name.strip().casefold()
    primary = whole.replace("_", "-").split("-")[0].split(",")[0].split("/")[0].strip()
    return _CODES.get(whole) or _CODES.get(primary)


def name_language(code: str) -> str:
    """The English name of a language by its ISO 639-1 code; the code itself if it has none here."""
    names = [name for name in _NAMES.get(code, "").split() if len(name) > 3]  # codes are shorter
    return names[0].title() if names else code


def split_language_suffix(stem: str) -> tuple[str, str | None]:
    """Split `Song.pt-BR` into (`Song`, `pt`); a stem that names no language stays as it is.

    Marks such as `.forced` after the language go with it.
    """
    rest, dot, suffix = stem.rpartition(".")
    if dot and suffix.casefold() in _FLAGS:
        inner, language = split_language_suffix(rest)
        return (inner, language) if language else (stem, None)
    language = find_language(suffix) if dot and rest and " " not in suffix else None
    return (rest, language) if language else (stem, None)


def check_language(language: str | None) -> None:
    """Refuse what is no language.

    Raises:
        MvsearchError: it is neither a name nor a code.
    """
    known = language is None or find_language(language) or language.strip().lower() in _ALL_CODES
    if not known:
        raise MvsearchError(f"no language is called {language!r}: give a code such as en or de")
