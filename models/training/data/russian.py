"""Russian captions of composed pictures: the words of captions.py and scenes.py, colours and sizes in the noun's gender.

A caption is read back into what it shows, and that is said anew; subjects stand in the nominative, so that only
adjectives bend.
"""

from __future__ import annotations

import random
import re

from .composition import SIDES, SIZES
from .finish import FINISHES
from .scenes import SCENES
from .sprites import SHADES, SUBJECTS, SYNONYMS, TINTS

Noun = tuple[str, str]
"""A noun and its gender: m, f, n, or p for words that have no singular."""


def _nouns(text: str) -> dict[str, tuple[Noun, ...]]:
    found = {}
    for line in text.strip().splitlines():
        name, _, nouns = line.strip().partition(": ")
        found[name] = tuple((noun.strip()[:-2], noun.strip()[-1]) for noun in nouns.split(","))
    return found


NOUNS = _nouns("""
    cat: кот m, кот m, кошка f, котёнок m
    dog: собака f, собака f, пёс m, щенок m
    horse: лошадь f, лошадь f, конь m
    fox: лиса f, лиса f, лис m
    lion: лев m
    bear: медведь m, медведь m, мишка m
    panda: панда f
    rabbit: кролик m, кролик m, заяц m
    elephant: слон m
    monkey: обезьяна f
    pig: свинья f, поросёнок m
    penguin: пингвин m
    duck: утка f
    owl: сова f
    turtle: черепаха f
    frog: лягушка f
    dragon: дракон m
    whale: кит m
    fish: рыба f, рыбка f
    octopus: осьминог m
    butterfly: бабочка f
    rose: роза f
    sunflower: подсолнух m
    cactus: кактус m
    mushroom: гриб m
    strawberry: клубника f
    pizza: пицца f
    house: дом m, дом m, домик m
    castle: замок m, замок m, дворец m
    bus: автобус m
    bicycle: велосипед m
    sailboat: парусник m, яхта f
    ship: корабль m, корабль m, лодка f, теплоход m
    airplane: самолёт m
    rocket: ракета f
    star: звезда f
    rainbow: радуга f
    snowman: снеговик m
    balloon: воздушный шар m, шарик m
    robot: робот m
    guitar: гитара f
    deer: олень m
    unicorn: единорог m
    alien: инопланетянин m, пришелец m
    chick: цыплёнок m
    dinosaur: динозавр m, тираннозавр m
    bee: пчела f
    tree: дерево n
    pine tree: сосна f, ёлка f, ель f
    palm tree: пальма f
    apple: яблоко n
    cake: торт m
    ice cream: мороженое n
    car: машина f, машина f, автомобиль m
    steam train: паровоз m, поезд m
    ufo: летающая тарелка f, нло n
    earth: земля f, планета земля f
    moon: луна f
    smiling face: смайлик m, улыбающееся лицо n
    flower: цветок m
    tiger: тигр m
    wolf: волк m
    cow: корова f
    dolphin: дельфин m
    shark: акула f
    ghost: привидение n, призрак m
    astronaut: космонавт m, астронавт m
    bird: птица f, птичка f
    teddy bear: плюшевый мишка m, игрушечный медведь m
    heart: сердце n, сердечко n
    sun: солнце n, солнышко n
    swing: качели p
    lighthouse: маяк m
    alice: алиса f, девочка алиса f
    horse in the coat: лошадь в пальто f, конь в пальто m
""")
"""Every subject; a name that stands twice is said twice as often."""

ADJECTIVES: dict[str, tuple[str, ...]] = {
    "red": ("красный", "красный", "красный", "алый", "ярко-красный"), "blue": ("синий", "синий", "голубой", "тёмно-синий"),
    "green": ("зелёный", "зелёный", "изумрудный"), "yellow": ("жёлтый",), "orange": ("оранжевый", "оранжевый", "рыжий"),
    "purple": ("фиолетовый", "фиолетовый", "лиловый", "пурпурный"), "pink": ("розовый",), "white": ("белый", "белый", "белоснежный"),
    "black": ("чёрный",), "golden": ("золотой", "золотой", "золотистый"), "turquoise": ("бирюзовый",), "brown": ("коричневый",),
    "small": ("маленький", "небольшой"), "tiny": ("крошечный", "крохотный"), "big": ("большой", "крупный"), "giant": ("гигантский", "огромный"),
}
ENDINGS = {"ый": ("ый", "ая", "ое", "ые"), "ой": ("ой", "ая", "ое", "ые"), "ий": ("ий", "яя", "ее", "ие"), "кий": ("кий", "кая", "кое", "кие"), "жий": ("жий", "жая", "жее", "жие"), "шой": ("шой", "шая", "шое", "шие")}
"""An adjective's ending in the dictionary, and masculine, feminine, neuter and plural; the longest that fits counts."""

PLACES: dict[str, tuple[str, str]] = {
    "beach": ("на пляже|на пляже|на берегу моря|на песке у моря", "пляж|солнечный пляж|тропический пляж и море"),
    "ocean": ("в океане|в море|на море|на волнах", "океан|море и волны|синее море"),
    "under": ("под водой|в глубине моря", "под водой|коралловый риф|подводный мир"),
    "sea sunset": ("у моря на закате|на закате у моря|в море на закате", "красивый морской закат, тёплый свет|закат на море|закат над морем|морской закат"),
    "ice": ("во льдах|на льду|в арктике", "лёд|айсберги в арктике|льды"),
    "snow": ("в снегу|зимой|в снежном лесу|на снегу", "зима|снежный зимний лес|снег"),
    "forest": ("в лесу|в лесу|в чаще", "лес|зелёный лес|сосновый лес"),
    "grass": ("на траве|в поле|на лугу|на зелёных холмах", "поле травы|зелёные холмы|луг"),
    "flowers": ("в поле цветов|в саду|среди цветов", "поле цветов|сад с цветами"),
    "lavender": ("в лавандовом поле|на лавандовом поле|среди лаванды", "лавандовое поле|поле лаванды"),
    "desert": ("в пустыне|на дюнах", "пустыня|песчаные дюны в пустыне"),
    "mlake": ("у озера|у озера в горах|на горном озере|возле озера", "пейзаж с озером и горами|горное озеро|озеро|пейзаж с озером|озеро, белые облака и горы"),
    "mount": ("в горах|на фоне гор", "горы|пейзаж с горами|снежные горы"),
    "cityd": ("в городе|на улице|в городе днём", "город|большой город днём|городская улица"),
    "cityn": ("ночью в городе|в городе ночью|в ночном городе", "город ночью|ночной город|ночь в большом городе"),
    "cityw": ("в городе на рассвете|на рассвете в городе|на рассвете в большом городе", "солнечный рассвет в большом городе|рассвет в городе|рассвет над городом"),
    "space": ("в космосе|в открытом космосе|среди звёзд", "космос|открытый космос и звёзды|галактика"),
    "alien world": ("на чужой планете|в инопланетном пейзаже|на другой планете", "инопланетный пейзаж|инопланетный пейзаж с далёкими планетами|чужая планета"),
    "rainbow": ("на радуге|под радугой|и радуга", "радуга в небе|радуга|радуга над холмами"),
    "room": ("в комнате|дома|в доме", "комната|уютная комната с окном"),
    "night": ("ночью|под луной|в ночи", "ночь|звёздная ночь|луна ночью"),
    "sunset": ("на закате|в лучах заката", "закат|закат над холмами"),
    "spring": ("весной|среди розовых деревьев|под розовыми деревьями", "весна с розовыми деревьями|весна|розовые деревья|цветущая весна"),
    "autumn": ("осенью|среди осенних деревьев|в осеннем лесу", "осень|осенний лес|осенние деревья"),
    "volc": ("у вулкана|возле вулкана", "вулкан|вулкан с лавой"),
    "rain": ("под дождём|в грозу", "дождь|дождливый день|гроза"),
    "clouds": ("в небе|в облаках|среди облаков", "небо|облака в небе|голубое небо с облаками"),
    "jungle": ("в джунглях|в тропических джунглях|в тропическом лесу", "джунгли|тропические джунгли с листьями пальм|тропический лес"),
    "wheat": ("в пшеничном поле|на ферме|среди золотой пшеницы", "пшеничное поле|золотое пшеничное поле летом|поле на ферме"),
    "aurora": ("под северным сиянием|на фоне северного сияния", "северное сияние|северное сияние над снежными холмами|полярное сияние"),
    "moon surface": ("на луне|на поверхности луны", "поверхность луны|лунный пейзаж|луна с кратерами"),
    "village": ("в деревне|в деревне|в маленьком городке", "деревня|деревня с красными крышами|городок на холме"),
    "waterfall": ("у водопада|возле водопада|у реки", "водопад|водопад в горах|река с водопадом"),
    "wonderland": ("в стране чудес", "страна чудес"),
}
"""What follows a subject, and what a place is called alone."""

SIDE_WORDS = {"on the left": ("слева",), "on the right": ("справа",)}
PLAIN = ("на простом фоне", "на белом фоне")
FINISH_WORDS = {
    "pixels": (", пиксельная графика", ", пиксель-арт", " в стиле пиксель-арт"), "watercolour": (", акварель", " акварелью", ", рисунок акварелью"),
    "monochrome": (", чёрно-белое фото", ", чёрно-белая фотография"), "fog": (" в тумане", ", туман", ", туманное утро"),
    "golden hour": (", золотой час", ", тёплый золотой свет", " в золотом вечернем свете"),
}
PREFIXES = ("",) * 10 + ("на картинке ", "на фото ", "на рисунке ", "это ")
SUFFIXES = ("",) * 8 + (", 4k фото", ", фото", ", высокое качество", ", детально", ", цифровое искусство", ", 3d рендер", ", красиво")

_NAMES = {other: name for name, others in SYNONYMS.items() for other in others} | {"kitten": "cat", "puppy": "dog"} | {
    name: name for name in (*SUBJECTS, "swing", "lighthouse") if name in NOUNS
}
_COLOURS = {word: colour for colour, words in SHADES.items() for word in words} | {colour: colour for colour in TINTS}
_any = lambda words: "(" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + ")"  # noqa: E731
_THING = rf"(?:{_any(SIZES)} )?(?:{_any(_COLOURS)} )?{_any(_NAMES)}\b"
_ONE = re.compile(rf"\b{_THING}")
_TWO = re.compile(rf"\b{_THING} and (?:an? )?{_THING}")
_PHRASES = sorted(((phrase, key) for key, scene in SCENES.items() for phrase in (*scene.phrases, *scene.captions)), key=lambda p: -len(p[0]))


def bent(adjective: str, gender: str) -> str:
    """The adjective, given in the masculine, in a gender."""
    ending = max((e for e in ENDINGS if adjective.endswith(e)), key=len)
    return adjective[: -len(ending)] + ENDINGS[ending]["mfnp".index(gender)]


def thing(rng: random.Random, subject: str, colour: str | None = None, size: str | None = None) -> str:
    """A subject with its size and colour."""
    noun, gender = rng.choice(NOUNS[subject])
    words = [bent(rng.choice(ADJECTIVES[word]), gender) for word in (size, colour) if word]
    return " ".join([*words, noun])


def said(rng: random.Random, who: str, place: str | None, side: str | None = None, finish: str | None = None, plain: bool = False) -> str:
    """A whole caption."""
    where = rng.choice(PLACES[place][0].split("|")) if place else rng.choice(PLAIN) if plain else ""
    if not who:
        text = rng.choice(PLACES[place][1].split("|"))
    elif where and not where.startswith("и ") and rng.random() < 0.1:
        text = f"{where} {who}"
    else:
        text = f"{who} {where}".strip()
    if side:
        text += f" {rng.choice(SIDE_WORDS[side])}"
    start = "" if text.split(" ")[0] in ("на", "в", "у", "под", "среди") else rng.choice(PREFIXES)
    text = start + text + (rng.choice(FINISH_WORDS[finish]) if finish else "") + rng.choice(SUFFIXES)
    # Both spellings are usual.
    return text.replace("ё", "е") if rng.random() < 0.5 else text


def translated(rng: random.Random, caption: str, subject: str | None, colour: str | None, place: str | None) -> str | None:
    """Says in Russian what an English caption of a composed picture says; None where the caption is not understood.

    :param subject: with colour and place what the picture shows, as far as its labels say
    """
    text = caption.lower()
    finish = next((name for name, (_, words) in FINISHES.items() if any(word in text for word in words)), None)
    side = next((side for side in SIDES if side in text), None)
    if place is None:
        place = next((key for phrase, key in _PHRASES if phrase in text), None) if subject is None else None
    two = _TWO.search(text)
    if subject is not None:
        size = next((size for size in SIZES if f"{size} " in text), None)
        who = thing(rng, subject, colour, size)
    elif two is not None:
        first, second = two.groups()[:3], two.groups()[3:]
        who = " и ".join(thing(rng, _NAMES[name], _COLOURS.get(tint or ""), size) for size, tint, name in (first, second))
    elif place is not None and any(text.startswith((c.lower(), f"a photo of {c.lower()}")) for c in SCENES[place].captions):
        who = ""
    else:
        # The place's own words can hold a subject's name, as the deer of no picture.
        rest = text
        for phrase in SCENES[place].phrases if place else ():
            rest = rest.replace(phrase, "")
        one = _ONE.search(rest)
        if one is None:
            who = "" if place is not None else None
            if who is None:
                return None
        else:
            who = thing(rng, _NAMES[one[3]], _COLOURS.get(one[2] or ""), one[1])
    return said(rng, who, place, side, finish, plain="plain background" in text)
