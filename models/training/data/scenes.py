"""The places: each draws itself anew from a random source and knows its captions."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from . import places_city, places_land, places_more, places_sky, places_water
from .canvas import Canvas


@dataclass(frozen=True)
class Scene:
    """A place: how it is drawn, what follows a subject's name, what it is called alone."""

    key: str
    paint: Callable[[random.Random], Canvas]
    phrases: tuple[str, ...]
    captions: tuple[str, ...]
    floating: bool = False
    """Whether subjects hang in the middle instead of standing on the ground."""
    weight: float = 1.0

    def picture(self, rng: random.Random) -> Image.Image:
        """One 256x256 RGB picture of the place."""
        return self.paint(rng).image.reduce(2)


def _scene(key: str, paint, phrases: str, captions: str, floating: bool = False, weight: float = 1.0) -> Scene:
    return Scene(key, paint, tuple(phrases.split("|")), tuple(captions.split("|")), floating, weight)


SCENES: dict[str, Scene] = {
    scene.key: scene
    for scene in (
        _scene("beach", places_water.beach, "at the beach|on the beach|on the sand by the sea", "beach|sunny beach|tropical beach with sea", weight=1.3),
        _scene("ocean", places_water.ocean, "in the ocean|on the sea|in the sea|on the waves", "ocean|sea with waves|blue sea"),
        _scene("under", places_water.underwater, "under water|underwater|in the deep sea", "under water|coral reef", True),
        _scene("sea sunset", places_water.sea_sunset, "by the sea at sunset|on the sea at sunset", "beautiful sea sunset, warm light|sea sunset|sunset over the sea|beautiful sea sunset, warm light, aivazovsky style", weight=1.3),
        _scene("ice", places_land.ice, "in ice|on the ice|in the arctic", "ice|icebergs in the arctic", weight=1.4),
        _scene("snow", places_land.snow, "in the snow|in winter|in a snowy forest", "winter|snowy winter forest|snow"),
        _scene("forest", places_land.forest, "in the forest|in the woods", "forest|green forest|pine forest"),
        _scene("grass", places_land.grass, "on the grass|in a field|on a meadow|on green hills", "grass field|green hills|meadow"),
        _scene("flowers", places_land.flowers, "in a field of flowers|in the garden|among flowers", "field of flowers|garden with flowers"),
        _scene("lavender", places_land.lavender, "in a lavender field|in lavender field|in a field of lavender|in lavander field", "lavender field|field of lavender", weight=1.3),
        _scene("desert", places_land.desert, "in the desert|on the dunes", "desert|sand dunes in the desert"),
        _scene("mlake", places_land.mountain_lake, "by the lake|by a lake and mountains|at a mountain lake|near a lake", "landscape with a lake and mountains|mountain lake|lake|landscape with a lake|landscape with a lake, huge white clouds, and mountains at the background|lake, white clouds and mountains", weight=1.5),
        _scene("mount", places_land.mountains, "in the mountains|on the mountains", "mountains|landscape with mountains|snowy mountains|lotr landscape cinematic 4k hires", weight=1.8),
        _scene("cityd", places_city.day, "in the city|on the street|in the city by day", "city|big city by day|city street"),
        _scene("cityn", places_city.night, "at night in the city|in the city at night|in the big city at night", "city at night|night in the big city|night city", weight=1.2),
        _scene("cityw", places_city.dawn, "in the city at dawn|at dawn in the big city|in the city at sunrise", "sunny dawn in the big city|dawn in the city|sunrise over the city|sunny dawn in the city", weight=1.3),
        _scene("space", places_sky.space, "in space|in outer space|among the stars", "space|outer space with stars|galaxy", True, 1.3),
        _scene("alien world", places_sky.alien_world, "on an alien planet|in an alien landscape", "alien landscape|alien landscape with distant planets|alien landscape with otherworldly plants, strange creatures, and distant planets|sci-fi digital painting of an alien landscape with otherworldly plants, strange creatures, and distant planets.", weight=1.3),
        _scene("rainbow", places_sky.rainbow, "on the rainbow|under a rainbow|with a rainbow", "rainbow in the sky|rainbow sky|rainbow over the hills", weight=1.4),
        _scene("room", places_city.room, "in a room|at home|in the house", "room|cozy room with a window"),
        _scene("night", places_sky.night, "at night|under the moon|in the night", "night|starry night|moon at night", weight=1.8),
        _scene("sunset", places_sky.sunset, "at sunset|in the sunset", "sunset|sunset over the hills"),
        _scene("spring", places_land.spring, "in spring|among pink trees|under pink trees", "spring with pink trees|spring|pink trees", weight=1.3),
        _scene("autumn", places_land.autumn, "in autumn|among autumn trees", "autumn|autumn forest|autumn trees"),
        _scene("volc", places_land.volcano, "by a volcano|near the volcano", "volcano|volcano with lava", weight=0.7),
        _scene("rain", places_sky.rain, "in the rain|in a storm", "rain|rainy day|storm", weight=1.8),
        _scene("clouds", places_sky.cloudy, "in the sky|in the clouds|among the clouds", "sky|clouds in the sky|blue sky with clouds", True),
        _scene("jungle", places_more.jungle, "in the jungle|in a tropical jungle|in the rainforest", "jungle|tropical jungle with palm leaves|rainforest", weight=1.8),
        _scene("wheat", places_more.wheat, "in a wheat field|on the farm|among golden wheat", "wheat field|golden wheat field in summer|farm field"),
        _scene("aurora", places_more.aurora, "under the northern lights|under the aurora", "northern lights|aurora over snowy hills|aurora"),
        _scene("moon surface", places_more.moon_surface, "on the moon|on the lunar surface", "surface of the moon|lunar landscape|moon surface with craters"),
        _scene("village", places_more.village, "in a village|in the village|in a small town", "village|small village with red roofs|little town on a hill"),
        _scene("waterfall", places_more.waterfall, "by a waterfall|near the waterfall|at a river", "waterfall|waterfall in the mountains|river with a waterfall"),
        _scene("wonderland", places_land.wonderland, "in wonderland", "wonderland", weight=0.6),
    )
}
