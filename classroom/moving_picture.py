"""The picture that moves in the README: noise that fades, and strokes that stay.

    python -m classroom.moving_picture

writes notebooks/images/moving.gif, and still.png for who wants nothing to move: the figure of
memory and message in notebook 00, its epoch moved from the start to the end.
"""

import io

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from classroom.notebooks import NOTEBOOKS
from explorers import MemoryMessage
from explorers.figures.memory_message import COLOURS
from explorers.style import BLUE, GREEN, GREY, INK, PURPLE, TEXT, VERMILLION

MOVING, STILL = (NOTEBOOKS / "images" / name for name in ("moving.gif", "still.png"))
EPOCHS = (0, 1, *range(8, 121, 8))
STILL_EPOCH = 40  # noise and strokes are both seen
WIDTH, DPI = 540, 100
FRAME, REST = 350, 2500  # ms that a frame is seen, and each end
# Of weights, of curves, and of letters' edges: a palette found by itself is all greys and pastels.
PALETTE = [
    *(COLOURS(share)[:3] for share in np.linspace(0, 1, 15)),
    *map(to_rgb, (INK, GREY, BLUE, VERMILLION, GREEN, PURPLE, *TEXT.values(), "#c4c8ce")),
    *((grey, grey, grey) for grey in (0.3, 0.6, 0.8, 0.93)),
]


def frame(figure, epoch):
    """Return the figure as it stands after an epoch, in the colours of the PALETTE."""
    figure.epoch.value = epoch
    palette = Image.new("P", (1, 1))
    palette.putpalette([round(255 * part) for colour in PALETTE for part in colour])
    picture = Image.open(io.BytesIO(figure.drawn(WIDTH).png(DPI))).convert("RGB")
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def save(pictures, path):
    """Write an animation that rests at its ends."""
    durations = [FRAME] * len(pictures)
    durations[0] = durations[-1] = REST
    first, *rest = pictures
    first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)


def main():
    figure = MemoryMessage()
    frame(figure, STILL_EPOCH).save(STILL, optimize=True)
    save([frame(figure, epoch) for epoch in EPOCHS], MOVING)
    print(f"{MOVING}: {MOVING.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
