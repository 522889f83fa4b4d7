"""Texts, images, sounds, videos, properties, and figures of other libraries."""

from __future__ import annotations

import io
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nbviz.errors import LoggingError, MissingDependencyError
from nbviz.integrations.visdom.arrays import File, host_array, read_trace
from nbviz.integrations.visdom.calls import Calls, need, takes_tensors
from nbviz.integrations.visdom.options import read_options
from nbviz.recording.media.png import encode_png
from nbviz.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SOUNDS = ("wav", "mp3", "ogg", "flac")
_VIDEOS = {"mp4": "mp4", "ogv": "ogg", "avi": "avi", "webm": "webm"}
_PROPERTIES = ("text", "number", "button", "checkbox", "select")
_SVG = re.compile(r"<svg[\s>].*</svg>", re.DOTALL)
_SIZE = {
    "width": re.compile(r'\bwidth="([\d.]+)pt"'),
    "height": re.compile(r'\bheight="([\d.]+)pt"'),
}
_PIXELS_IN_POINT = 96 / 72
_FIGURE_MARGIN = 24  # pixels
_INTEGER_FULL = 32767


class ContentCalls(Calls):
    """Calls that show what is no plot."""

    def text(
        self,
        text: object,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
        append: bool = False,
    ) -> Any:
        """Show a text; return the window's name.

        Its HTML is shown as far as it formats: headings, lists, tables, links, emphasis, images
        whose data it holds. Nothing of it is run or fetched.

        Args:
            text: HTML.
            win: The window; a new one if None.
            env: The environment.
            opts: `title`, `width`, `height`.
            append: Add it to the window's text.
        """
        data = [{"content": str(text), "type": "text"}]
        message = {"data": data, "win": win, "eid": env, "opts": read_options(opts)}
        if append and (self.offline or (win and self.win_exists(win, env))):
            return self._send(message, "update")
        return self._send(message)

    def properties(
        self,
        data: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show fields that a reader changes; `register_event_handler` is told.

        Args:
            data: A dict for each: `type` ("text", "number", "button", "checkbox" or "select"),
                `name`, `value`, and `values` of a select, whose value is a place among them.
            win: The window; a new one if None.
            env: The environment.
            opts: `title`, `width`, `height`.

        Raises:
            LoggingError: One is no property.
        """
        several = isinstance(data, list | tuple)
        fields = list(cast("list[Any]", data)) if several else [data]
        for one in fields:
            kind = cast("dict[str, Any]", one).get("type") if isinstance(one, dict) else one
            need(
                kind in _PROPERTIES,
                f"a property is a dict of type {', '.join(_PROPERTIES)}; got {kind!r}.",
            )
        made = {"content": [dict(one) for one in fields], "type": "properties"}
        return self._draw([made], win, env, read_options(opts))

    @takes_tensors
    def image(
        self,
        img: Any,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show an image.

        Args:
            img: Shape (channels, height, width) or (height, width); floats from 0 to 1, or numbers
                from 0 to 255. Floats of which some are negative are stretched to that.
            win: The window; a new one if None.
            env: The environment.
            opts: `caption`, `jpgquality`, `store_history`, and `title`, `width`, `height`.

        Raises:
            LoggingError: It is no image.
        """
        pixels = _pixels_of(img)
        height, width = pixels.shape[:2]
        options = read_options(opts, width=width, height=height)
        content = {"src": _image_file(pixels, options.get("jpgquality"))}
        if options.get("caption") is not None:
            content["caption"] = str(options["caption"])  # pyright: ignore[reportArgumentType]
        keeps = bool(options.get("store_history"))
        data = [{"content": content, "type": "image_history" if keeps else "image"}]
        message = {"data": data, "win": win, "eid": env, "opts": options}
        if keeps and win is not None and not self.offline and self.win_exists(win, env):
            return self._send(message, "update")
        return self._send(message)

    def images(
        self,
        tensor: Any,
        nrow: int = 8,
        padding: int = 2,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show several images in rows, as one.

        Args:
            tensor: Shape (images, channels, height, width), or a list of images of one shape.
            nrow: How many stand in a row.
            padding: Pixels around each.
            win: The window; a new one if None.
            env: The environment.
            opts: As for `image`.

        Raises:
            LoggingError: They are no images.
        """
        if isinstance(tensor, list | tuple):
            several = [np.asarray(host_array(one)) for one in cast("list[Any]", tensor)]
            shapes = sorted({one.shape for one in several})
            need(len(shapes) == 1, f"all images must have one shape, got {shapes}.")
            images = np.stack(several)
        else:
            images = np.asarray(host_array(tensor))
        if images.ndim in (2, 3):
            return self.image(images, win, env, opts)
        need(
            images.ndim == 4 and images.shape[1] in (1, 3, 4),  # noqa: PLR2004
            f"images need shape (images, channels, height, width), got {images.shape}.",
        )
        need(
            nrow > 0 and len(images) > 0,
            f"got {counted(len(images), 'image')}, {nrow!r} in a row.",
        )
        count, channels, height, width = images.shape
        across = min(nrow, count)
        down = math.ceil(count / across)
        tall, wide = height + 2 * padding, width + 2 * padding
        grid = np.full((channels, tall * down, wide * across), _white(images), images.dtype)
        for place, one in enumerate(images):
            top, left = place // across * tall + padding, place % across * wide + padding
            grid[:, top : top + height, left : left + width] = one
        return self.image(grid, win, env, opts)

    @takes_tensors
    def audio(
        self,
        tensor: Any = None,
        audiofile: str | Path | None = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show a sound that a reader plays.

        Args:
            tensor: Samples, of shape (samples,) or (samples, 2); made as loud as can be.
            audiofile: A file in its place: wav, mp3, ogg or flac.
            win: The window; a new one if None.
            env: The environment.
            opts: `sample_frequency`, 44100 by default, and `title`, `width`, `height`.

        Raises:
            LoggingError: It is no sound.
        """
        options = read_options(opts, sample_frequency=44100, width=330, height=80)
        if tensor is None:
            need(audiofile, "audio needs samples, or a file: audiofile=….")
            kind = str(audiofile).rpartition(".")[2].lower()
            need(kind in _SOUNDS, f"a sound's file must be one of {_SOUNDS}, got {audiofile!r}.")
            file = _kept_file(f"audio/{kind}", Path(str(audiofile)))
        else:
            samples = np.asarray(tensor, float)
            need(
                samples.ndim == 1 or (samples.ndim == 2 and samples.shape[1] == 2),  # noqa: PLR2004
                f"samples need shape (samples,) or (samples, 2), got {samples.shape}.",
            )
            loudest = float(np.abs(samples).max(initial=0.0)) or 1.0
            numbers = (samples / loudest * _INTEGER_FULL).astype("<i2")
            file = File("audio/wav", lambda: _wav(numbers, int(options["sample_frequency"])))
        return self._draw([{"content": {"src": file}, "type": "audio"}], win, env, options)

    @takes_tensors
    def video(
        self,
        tensor: Any = None,
        dim: str = "LxHxWxC",
        videofile: str | Path | None = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show a video.

        Args:
            tensor: Frames, in the order that `dim` says; channels in the order blue, green, red.
            dim: "LxHxWxC" or "LxCxHxW".
            videofile: A file in their place: mp4, ogv, avi or webm.
            win: The window; a new one if None.
            env: The environment.
            opts: `fps`, 25 by default, `autoplay`, `loop`, and `title`, `width`, `height`.

        Raises:
            LoggingError: It is no video.
        """
        options = read_options(opts, fps=25, autoplay=False, loop=False)
        content: dict[str, Any] = {name: bool(options[name]) for name in ("autoplay", "loop")}
        if tensor is None:
            need(videofile, "video needs frames, or a file: videofile=….")
            kind = _VIDEOS.get(str(videofile).rpartition(".")[2].lower())
            need(kind, f"a video's file must be one of {tuple(_VIDEOS)}, got {videofile!r}.")
            content["src"] = _kept_file(f"video/{kind}", Path(str(videofile)))
            return self._draw([{"content": content, "type": "video"}], win, env, options)
        need(dim in ("LxHxWxC", "LxCxHxW"), f'dim must be "LxHxWxC" or "LxCxHxW", got {dim!r}.')
        frames = np.asarray(tensor)
        need(frames.ndim == 4, f"frames need four axes, {dim}; got shape {frames.shape}.")  # noqa: PLR2004
        frames = frames.transpose(0, 2, 3, 1) if dim == "LxCxHxW" else frames
        need(
            frames.shape[3] in (1, 3) and len(frames),
            f"frames need 1 or 3 channels, got shape {np.shape(tensor)} for {dim}.",
        )
        scaled = frames * 255 if frames.dtype.kind == "f" else frames
        pixels = np.clip(scaled, 0, 255).astype(np.uint8)[..., ::-1]
        fps = float(options["fps"])
        content["src"] = File(_video_type(), lambda: _video(pixels, fps))
        options.setdefault("width", max(200, pixels.shape[2]))
        options.setdefault("height", pixels.shape[1] + 40)
        return self._draw([{"content": content, "type": "video"}], win, env, options)

    def svg(
        self,
        svgstr: str | None = None,
        svgfile: str | Path | None = None,
        win: str | None = None,
        env: str | None = None,
        opts: dict[str, Any] | None = None,
    ) -> Any:
        """Show an SVG as an image: scripts in it do not run, and it fetches nothing.

        Args:
            svgstr: The SVG.
            svgfile: A file in its place.
            win: The window; a new one if None.
            env: The environment.
            opts: `title`, `width`, `height`.

        Raises:
            LoggingError: It is no SVG.
        """
        if svgfile is not None:
            svgstr = _read_file(Path(svgfile)).decode(errors="replace")
        need(svgstr, "svg needs an SVG, or a file: svgfile=….")
        found = _SVG.search(str(svgstr))
        need(found, f"there is no <svg> element in {str(svgstr)!r:.80}.")
        text = cast("re.Match[str]", found).group(0)
        if (
            "xmlns=" not in text.partition(">")[0]
        ):  # as an image it needs what a page can do without
            text = text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        content = {"src": File("image/svg+xml", text.encode)}
        return self._draw([{"content": content, "type": "svg"}], win, env, read_options(opts))

    def matplot(
        self,
        plot: Any,
        opts: dict[str, Any] | None = None,
        env: str | None = None,
        win: str | None = None,
    ) -> Any:
        """Show a figure of matplotlib, drawn here and now.

        Args:
            plot: A figure, or `matplotlib.pyplot`.
            opts: `resizable`: it fills the window; and `title`, `width`, `height`.
            env: The environment.
            win: The window; a new one if None.

        Raises:
            LoggingError: It is no figure.
        """
        need(hasattr(plot, "savefig"), f"matplot needs a figure of matplotlib, got {type(plot)}.")
        buffer = io.StringIO()
        plot.savefig(buffer, format="svg")
        svg = buffer.getvalue()
        options = read_options(opts)
        for name, pattern in _SIZE.items():
            found = pattern.search(svg)
            if found and not options.get("resizable"):
                pixels = math.ceil(float(found.group(1)) * _PIXELS_IN_POINT) + _FIGURE_MARGIN
                options.setdefault(name, pixels)
        return self.svg(svgstr=svg, win=win, env=env, opts=options)

    def plotlyplot(self, figure: Any, win: str | None = None, env: str | None = None) -> Any:
        """Show a figure of Plotly, as far as its kinds of traces are drawn here.

        Of other kinds the window says so, and names what shows them.

        Args:
            figure: A figure, or a dict of its data and layout.
            win: The window; a new one if None.
            env: The environment.

        Raises:
            LoggingError: It is no figure.
        """
        given: Any = _plain_figure(figure)
        data: Any = given.get("data") if hasattr(given, "get") else None
        need(
            isinstance(data, list | tuple),
            f"plotlyplot needs a figure of Plotly, got {type(figure).__name__}.",
        )
        traces = [read_trace(trace) for trace in data]
        need(traces, "the figure has no traces.")
        layout: dict[str, Any] = dict(given.get("layout") or {})
        layout.pop("template", None)
        title: Any = layout.get("title")
        title = title.get("text") if hasattr(title, "get") else title
        options = {name: layout[name] for name in ("width", "height") if layout.get(name)}
        if title:
            options["title"] = layout["title"] = title
        return self._draw(traces, win, env, options, layout)


def _plain_figure(figure: Any) -> Any:
    to_dict = getattr(figure, "to_plotly_json", None)
    return to_dict() if to_dict is not None else figure


def _pixels_of(img: Any) -> NDArray[np.uint8]:
    """Return uint8, height × width × 1, 3 or 4; a copy."""
    array = np.asarray(img)
    array = array[None] if array.ndim == 2 else array  # noqa: PLR2004
    need(
        array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.size,  # noqa: PLR2004
        f"an image needs shape (channels, height, width) or (height, width), got {np.shape(img)}.",
    )
    need(array.dtype.kind in "iufb", f"an image must be numbers, got {array.dtype}.")
    if array.dtype.kind == "f":
        array = np.nan_to_num(array)
        low, high = float(array.min()), float(array.max())
        if low < 0 and high <= 255:  # noqa: PLR2004  normalised: neither shares nor bytes
            array = (array - low) * (255 / max(high - low, 1e-12))
        elif high <= 1:
            array = array * 255
    elif array.dtype.kind == "b":
        array = array * 255
    return np.ascontiguousarray(np.clip(array, 0, 255).astype(np.uint8).transpose(1, 2, 0))


def _white(images: Any) -> float:
    if images.dtype.kind != "f":
        return 255
    return max(1, float(images.max())) if images.min() < 0 or images.max() <= 1 else 255


def _image_file(pixels: NDArray[np.uint8], quality: float | None) -> File:
    if quality is None:
        return File("image/png", lambda: encode_png(pixels))

    def jpeg() -> bytes:
        from PIL import Image

        buffer = io.BytesIO()
        colors = pixels[..., 0] if pixels.shape[2] == 1 else pixels[..., :3]
        Image.fromarray(colors).save(buffer, format="JPEG", quality=round(quality))
        return buffer.getvalue()

    return File("image/jpeg", jpeg)


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LoggingError(f"the file {str(path)!r} cannot be read: {error}.") from error


def _kept_file(media_type: str, path: Path) -> File:
    data = _read_file(path)  # it may be another one, or gone, when a page asks
    return File(media_type, lambda: data)


def _wav(samples: NDArray[np.int16], frequency: int) -> bytes:
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else 2)
        file.setsampwidth(2)
        file.setframerate(frequency)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _video_type() -> str:
    return "video/mp4" if _has_av() else "image/gif"


def _has_av() -> bool:
    import importlib.util

    return "av" in sys.modules or importlib.util.find_spec("av") is not None


def _video(pixels: NDArray[np.uint8], fps: float) -> bytes:
    """Return a video, by PyAV where it is installed, else an animated GIF."""
    if _has_av():
        return _mp4(pixels, fps)
    from nbviz.recording.media.video import gif_of

    return gif_of(np.ascontiguousarray(pixels), fps)


def _mp4(pixels: NDArray[np.uint8], fps: float) -> bytes:
    from fractions import Fraction

    try:
        import av  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingDependencyError("videos need PyAV: pip install av") from error
    buffer = io.BytesIO()
    library: Any = av
    with library.open(buffer, "w", "mp4") as container:
        rate = Fraction(fps).limit_denominator(1000)
        stream = container.add_stream("h264", rate=rate)
        # The format halves colours: sides must be even.
        height, width = (side - side % 2 for side in pixels.shape[1:3])
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for one in pixels[:, :height, :width]:
            colors = np.ascontiguousarray(np.broadcast_to(one, (height, width, 3)))
            for packet in stream.encode(library.VideoFrame.from_ndarray(colors, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return buffer.getvalue()
