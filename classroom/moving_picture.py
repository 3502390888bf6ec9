"""The picture that moves in the README: a slider of notebook 00 is moved, and the curves follow.

    python -m classroom.moving_picture

writes notebooks/images/moving.gif, and still.png for who wants nothing to move. They are taken in
JupyterLab, as a reader would see it.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from classroom.chromium import launch
from classroom.notebooks import NOTEBOOKS
from classroom.robot import Lab, serve_notebooks

MOVING, STILL = (NOTEBOOKS / "images" / name for name in ("moving.gif", "still.png"))
NOTEBOOK, SLIDER = "00_start_here", "lmbda"
STEPS = 12  # to the right, and as many back
FRAME, REST = 180, 1600  # ms that a frame is seen, and each end
COLOURS, MARGIN = 32, 8


def frames(figure):
    """Return pictures of the figure, its slider moved to the right step by step."""
    slider, taken = figure.handle(SLIDER), []
    for step in range(STEPS + 1):
        if step:
            slider.key("ArrowRight")
        figure.quiet()
        slider.locator.blur()
        taken.append(Image.open(io.BytesIO(figure.page.screenshot(clip=_clip(figure)))))
    return taken


def _clip(figure):
    """Return the box around sliders and picture."""
    parts = [figure.root.locator(part).bounding_box() for part in (".fe-controls", ".fe-figure")]
    left, top = (min(box[side] for box in parts) - MARGIN for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in parts) + MARGIN
    bottom = max(box["y"] + box["height"] for box in parts)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def save(pictures, path):
    """Write an animation that goes there and back, and rests at each end."""
    there_and_back = [*pictures, *pictures[-2:0:-1]]
    durations = [FRAME] * len(there_and_back)
    durations[0] = durations[len(pictures) - 1] = REST
    palette = pictures[0].quantize(COLOURS)
    first, *rest = [picture.quantize(palette=palette, dither=0) for picture in there_and_back]
    first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)


def main():
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = serve_notebooks(Path(folder)), launch(playwright)
        try:
            page = browser.new_page(viewport={"width": 800, "height": 900})
            lab = Lab(page, server, NOTEBOOK)
            lab.run_all()
            pictures = frames(lab.figure())
            pictures[0].save(STILL)
            save(pictures, MOVING)
        finally:
            browser.close()
            server.stop()
    print(f"{MOVING}: {MOVING.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
