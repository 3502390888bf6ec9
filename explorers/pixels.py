"""An image that moves: written into an SVG in its own few colours.

Matplotlib writes every image in full colours, four bytes a pixel. For the three of memory and
message that took more than half of the time of drawing.
"""

import base64
import io

import numpy as np
from matplotlib.image import AxesImage
from PIL import Image

SHADES = 255  # with one more for nan, a byte says which


class Pixels(AxesImage):
    """An image of numbers, nan where there is none: each a sharp rectangle that fills its share."""

    def __init__(self, axes, colours, limits):
        super().__init__(axes, cmap=colours, interpolation="none", extent=(0, 1, 0, 1))
        self.set_data([[np.nan]])
        self.set_clim(limits)
        shades = np.array([*self.cmap(np.linspace(0, 1, SHADES)), self.cmap.get_bad()])
        self._shades = np.rint(255 * shades).astype(np.uint8)  # red, green, blue and opacity

    def draw(self, renderer):
        writer = getattr(renderer, "writer", None)
        if writer is None:  # it makes no SVG
            super().draw(renderer)
            return
        box = self.get_window_extent()
        places = (box.x0, renderer.height - box.y1, box.width, box.height)
        writer.element(
            "image",
            preserveAspectRatio="none",
            style="image-rendering: pixelated",
            attrib={
                "xlink:href": f"data:image/png;base64,{base64.b64encode(self.png()).decode()}",
                **{side: f"{at:.3f}" for side, at in zip(("x", "y", "width", "height"), places)},
            },
        )

    def png(self):
        """Return the image with a pixel for each number."""
        at = np.clip(np.ma.filled(self.norm(self.get_array()), np.nan), 0, 1) * (SHADES - 1)
        which = np.where(np.isnan(at), SHADES, np.rint(at)).astype(np.uint8)
        image = Image.fromarray(which, "P")
        image.putpalette(self._shades[:, :3].tobytes())
        with io.BytesIO() as file:
            opacities = self._shades[:, 3].tobytes()
            image.save(file, format="png", compress_level=1, transparency=opacities)
            return file.getvalue()
