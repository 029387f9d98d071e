"""Moving pictures of fields: one frame for each saved time, as GIF, or as MP4 where ffmpeg is found."""

from pathlib import Path

import numpy as np

from matano.console import UsageFault, check_target, whole
from matano.drawing import chosen, pyplot
from matano.field_figures import FieldFigure, limits_of

ENDINGS = (".gif", ".mp4")
SECONDS = 8.0
SLOWEST, FASTEST = 2, 25  # frames a second


def check_animation(path: Path) -> None:
    """Raise UsageFault unless an animation may be written at `path` by what is installed here."""
    check_target(path)
    if path.suffix.lower() == ".mp4":
        from matplotlib.animation import FFMpegWriter

        if not FFMpegWriter.isAvailable():
            raise UsageFault.at(str(path), "needs ffmpeg, which was not found; install it, or write a .gif.")


def write_animation(result, path: Path) -> int:
    """Write all saved times in one scale of colours; the number of frames."""
    check_animation(path)
    chosen(result)
    pyplot()
    from matplotlib.animation import FFMpegWriter, PillowWriter

    times = list(range(len(result.snapshots)))
    picture = FieldFigure(result, [0], limits_of(result, times))
    speed = int(np.clip(len(times) / SECONDS, SLOWEST, FASTEST))
    writer = (PillowWriter if path.suffix.lower() == ".gif" else FFMpegWriter)(fps=speed)
    try:
        with whole(path) as part, writer.saving(picture.figure, str(part), picture.figure.dpi):
            for k in times:
                picture.show(k)
                writer.grab_frame()
    finally:
        pyplot().close(picture.figure)
    return len(times)
