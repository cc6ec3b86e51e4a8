"""The words of the picture-book world: its closed sets and the synonyms people use for them."""

from __future__ import annotations

from typing import Literal, get_args

Size = Literal["small", "large"]
Relation = Literal["left of", "right of", "above", "in front of", "next to"]
Place = Literal["meadow", "desert", "snow", "sea", "forest", "city", "mountains"]
Time = Literal["day", "sunset", "night", "storm", "fog"]
Extra = Literal["sun", "moon", "stars", "clouds", "rainbow", "snowfall", "rain"]
Style = Literal[
    "picture book", "flat", "pixel art", "pencil sketch", "watercolor", "neon", "stained glass"
]

SIZES: tuple[Size, ...] = get_args(Size)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
PLACES: tuple[Place, ...] = get_args(Place)
TIMES: tuple[Time, ...] = get_args(Time)
EXTRAS: tuple[Extra, ...] = get_args(Extra)
STYLES: tuple[Style, ...] = get_args(Style)
COUNTS = (1, 2, 3)
COUNT_WORDS = {1: "one", 2: "two", 3: "three"}

SUBJECT_SYNONYMS: dict[str, tuple[str, ...]] = {
    "house": ("cottage", "home"),
    "castle": ("fortress", "palace"),
    "lighthouse": ("light tower",),
    "windmill": ("mill",),
    "tree": ("leafy tree", "oak"),
    "pine": ("pine tree", "fir tree"),
    "cactus": ("cactus plant",),
    "flower": ("blossom", "bloom"),
    "mushroom": ("toadstool",),
    "cat": ("kitten", "kitty"),
    "dog": ("puppy", "doggy"),
    "bird": ("birdie", "songbird"),
    "fish": ("fish",),
    "rabbit": ("bunny", "hare"),
    "snowman": ("snow man",),
    "robot": ("android",),
    "car": ("automobile", "motor car"),
    "sailboat": ("boat", "sailing boat", "yacht"),
    "hot-air balloon": ("hot air balloon", "balloon"),
    "rocket": ("rocket ship", "spaceship"),
    "umbrella": ("parasol", "brolly"),
}

_IRREGULAR_PLURALS = {
    "cactus": "cacti",
    "fish": "fish",
    "snowman": "snowmen",
    "snow man": "snow men",
    "fortress": "fortresses",
    "kitty": "kitties",
    "puppy": "puppies",
    "doggy": "doggies",
    "bunny": "bunnies",
    "brolly": "brollies",
}

COLOUR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "red": ("crimson", "scarlet"),
    "green": ("emerald",),
    "blue": ("azure",),
    "yellow": ("golden",),
    "purple": ("violet",),
    "pink": ("rose-coloured",),
    "brown": ("chestnut",),
    "gray": ("grey",),
}

SIZE_SYNONYMS: dict[Size, tuple[str, ...]] = {
    "small": ("little", "tiny"),
    "large": ("big", "huge", "giant"),
}

RELATION_PHRASES: dict[Relation, tuple[str, ...]] = {
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over"),
    "in front of": ("in front of",),
    "next to": ("next to", "beside", "near"),
}

PLACE_PHRASES: dict[Place, tuple[str, ...]] = {
    "meadow": ("in a meadow", "in the grass", "on green hills", "in a field of flowers"),
    "desert": ("in the desert", "among sand dunes", "on desert sand"),
    "snow": ("in the snow", "in a snowy field", "in a winter landscape"),
    "sea": ("by the sea", "at the seaside", "on the beach", "by the ocean"),
    "forest": ("in a forest", "in the woods", "deep in the forest"),
    "city": ("in the city", "in a town", "downtown", "in front of a skyline"),
    "mountains": ("in the mountains", "among snowy peaks", "in the alps"),
}

AIRBORNE_SUBJECTS = ("bird", "hot-air balloon", "rocket")
ABOVE_PLACE: dict[Place, str] = {
    "meadow": "the meadow",
    "desert": "the desert",
    "snow": "the snow",
    "sea": "the sea",
    "forest": "the forest",
    "city": "the city",
    "mountains": "the mountains",
}

PLACE_TAGS: dict[Place, tuple[str, ...]] = {
    "meadow": ("meadow", "grass", "green hills"),
    "desert": ("desert", "dunes", "sand"),
    "snow": ("snow", "winter", "snowy field"),
    "sea": ("sea", "ocean", "seaside"),
    "forest": ("forest", "woods"),
    "city": ("city", "skyline", "town"),
    "mountains": ("mountains", "peaks", "alps"),
}

TIME_PHRASES: dict[Time, tuple[str, ...]] = {
    "day": ("by day", "on a sunny day", "in daylight"),
    "sunset": ("at sunset", "at dusk", "in the evening"),
    "night": ("at night", "in the dark", "by night"),
    "storm": ("in a storm", "in a thunderstorm", "under a stormy sky"),
    "fog": ("in the fog", "in the mist", "on a foggy morning"),
}

TIME_TAGS: dict[Time, tuple[str, ...]] = {
    "day": ("day", "daylight"),
    "sunset": ("sunset", "dusk", "evening"),
    "night": ("night", "dark"),
    "storm": ("storm", "thunderstorm", "stormy"),
    "fog": ("fog", "mist", "foggy"),
}

EXTRA_PHRASES: dict[Extra, tuple[str, ...]] = {
    "sun": ("the sun", "a bright sun"),
    "moon": ("the moon", "a full moon"),
    "stars": ("stars", "a starry sky"),
    "clouds": ("clouds", "white clouds"),
    "rainbow": ("a rainbow",),
    "snowfall": ("falling snow", "snowflakes"),
    "rain": ("rain", "heavy rain"),
}

STYLE_SYNONYMS: dict[Style, tuple[str, ...]] = {
    "picture book": ("storybook", "children's book illustration"),
    "flat": ("flat illustration", "flat design", "flat vector art"),
    "pixel art": ("8-bit", "pixelated", "retro game art"),
    "pencil sketch": ("pencil drawing", "line drawing", "sketch"),
    "watercolor": ("watercolour", "watercolor painting", "aquarelle"),
    "neon": ("neon lights", "glowing neon", "neon glow"),
    "stained glass": ("stained glass window", "church window"),
}

# A style whose word ends so is said as "a watercolor painting of ...".
PICTURE_NOUNS = ("illustration", "art", "sketch", "drawing", "painting", "watercolor", "window")

CLOSE_UP_PHRASES = ("portrait of", "close-up of", "close up of")

EXAMPLE_PROMPTS = (
    "a red house in the snow at night, watercolor",
    "portrait of a blue cat",
    "two yellow birds above the sea at sunset",
    "a small green robot to the left of a pink flower in the city, neon",
    "a large white castle in the mountains with a rainbow",
    "purple sailboat, sea, storm, pixel art",
    "three orange mushrooms in a forest in the fog, pencil sketch",
    "a brown rabbit in a meadow with the sun, stained glass",
)


def plural(noun: str) -> str:
    """Return the English plural of one of the world's nouns."""
    return _IRREGULAR_PLURALS.get(noun, f"{noun}s")
