"""The canvas: zoom, previews that become pictures, and what is dropped on it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.errors import PictureFileError
from sdstudio.gallery.picture_file import save_picture
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import JobCancelled, JobFinished, ProgressEvent, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.canvas_controls import CanvasControls
from sdstudio.ui.canvas.canvas_view import CanvasView
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.canvas.picture_drop import PictureOffer, read_offer, read_picture, to_raster
from sdstudio.ui.canvas.shown_picture import ShownPicture
from sdstudio.ui.canvas.view_gestures import ViewGestures
from sdstudio.ui.canvas.viewpoint import MARGIN_PX, MAX_FIT_ZOOM, Viewpoint
from sdstudio.ui.studio import Studio
from sdstudio.ui.widgets.picture_view import to_qimage
from tests.support.fake_engine import FakeEngine, gradient_picture
from tests.support.open_studio import open_studio

WAIT_MS = 30_000
RED, GREEN = (200, 30, 30), (20, 160, 40)


def plain_raster(color: tuple[int, int, int], width: int = 8, height: int = 8) -> Raster:
    return Raster(width=width, height=height, mode="RGB", pixels=bytes(color) * width * height)


def make_job(side: int = 64, **more: int) -> Job:
    return Job(request=GenerationRequest(prompt="x", width=side, height=side, seed=5, **more))


def make_step(job: Job, preview: Raster | None, step: int = 1, picture_index: int = 0) -> StepEvent:
    return StepEvent(
        job_id=job.id,
        picture_index=picture_index,
        picture_count=job.request.count,
        step=step,
        num_steps=10,
        preview=preview,
    )


def make_result(job: Job, color: tuple[int, int, int], picture_index: int = 0) -> PictureResult:
    request = GenerationRequest(prompt="x", width=64, height=64, seed=5 + picture_index)
    picture = plain_raster(color, 64, 64)
    return PictureResult(picture=picture, request=request, picture_index=picture_index)


class CountingCanvas(CanvasView):
    def __init__(self, background: Background) -> None:
        super().__init__(background)
        self.painted: list[QSize] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted.append(event.rect().size())
        super().paintEvent(event)


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[CountingCanvas]:
    background = Background()
    canvas = CountingCanvas(background)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    yield canvas
    background.finish()


@pytest.fixture
def studio(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Studio]:
    monkeypatch.setattr("os.fsync", lambda _: None)  # slow, and proven elsewhere
    studio = open_studio(qapp, tmp_path, FakeEngine())
    qtbot.waitExposed(studio.window)
    yield studio
    studio.window.close()


def middle_color(canvas: CanvasView) -> tuple[int, int, int]:
    color = QColor(canvas.grab().toImage().pixel(canvas.page_rect.center()))
    return color.red(), color.green(), color.blue()


def picture_is(canvas: CanvasView, color: tuple[int, int, int]) -> bool:
    return canvas.shown is not None and canvas.shown.picture.pixels[:3] == bytes(color)


# --- the viewpoint ------------------------------------------------------------------------------


def make_viewpoint(page: QSize, view: QSizeF, ratio: float = 1.0) -> Viewpoint:
    viewpoint = Viewpoint()
    viewpoint.set_view(view, ratio)
    viewpoint.set_page(page)
    return viewpoint


def test_fit_shows_the_whole_page_in_the_middle() -> None:
    viewpoint = make_viewpoint(QSize(1000, 500), QSizeF(548, 448))
    rect = viewpoint.rect()
    assert (rect.width(), rect.height()) == (500, 250)
    assert rect.center() == QPointF(274, 224)
    viewpoint.set_view(QSizeF(1048, 448), 1.0)
    assert viewpoint.rect().width() == pytest.approx((448 - 2 * MARGIN_PX) * 2)


def test_a_small_page_is_not_fitted_until_its_pixels_show() -> None:
    viewpoint = make_viewpoint(QSize(64, 64), QSizeF(2000, 2000))
    assert viewpoint.zoom == MAX_FIT_ZOOM


@pytest.mark.parametrize(
    "side, zoom",
    [
        (48 + 512, 2.0),  # fits exactly
        (48 + 509, 2.0),  # 199 %: a little of the margin makes it whole
        (48 + 280, 1.0),  # 109 %: a whole one is near
        (48 + 400, 400 / 256),  # 156 %: a whole one would cost too much
        (48 + 560, 2.0),
        (48 + 200, 200 / 256),  # smaller than the picture: as large as it can be
    ],
)
def test_a_small_picture_is_fitted_to_whole_pixels_where_they_are_near(
    side: int, zoom: float
) -> None:
    viewpoint = make_viewpoint(QSize(256, 256), QSizeF(side, side))
    assert viewpoint.zoom == pytest.approx(zoom)
    assert viewpoint.rect().width() <= side


@pytest.mark.parametrize("anchor", [QPointF(130, 90), QPointF(300, 200)])
def test_the_point_under_the_mouse_stays_where_it_is(anchor: QPointF) -> None:
    viewpoint = make_viewpoint(QSize(1000, 800), QSizeF(400, 300))
    viewpoint.zoom_to(2.0)

    def under_mouse() -> QPointF:
        return (anchor - viewpoint.rect().topLeft()) / viewpoint.zoom

    before = under_mouse()
    for zoom in (2.5, 3.7, 8.0):
        viewpoint.zoom_to(zoom, anchor)
        moved = under_mouse() - before
        assert abs(moved.x()) + abs(moved.y()) < 1.01 / zoom + 0.5  # the page lies on whole pixels


def test_actual_size_maps_pixels_to_device_pixels() -> None:
    viewpoint = make_viewpoint(QSize(100, 100), QSizeF(400, 300), ratio=2.0)
    viewpoint.zoom_to(1.0)
    assert viewpoint.device_rect().width() == 100
    assert viewpoint.rect().width() == 50


def test_a_page_cannot_be_lost_by_panning() -> None:
    viewpoint = make_viewpoint(QSize(1000, 800), QSizeF(400, 300))
    viewpoint.zoom_to(1.0)
    viewpoint.pan(QPointF(-99_999, 99_999))
    assert viewpoint.rect().intersects(QRectF(0, 0, 400, 300))


def test_a_page_of_the_same_size_keeps_zoom_and_place() -> None:
    viewpoint = make_viewpoint(QSize(1000, 800), QSizeF(400, 300))
    viewpoint.zoom_to(2.0, QPointF(20, 30))
    before = viewpoint.rect()
    viewpoint.set_page(QSize(1000, 800))
    assert viewpoint.rect() == before
    viewpoint.set_page(QSize(500, 500))
    assert viewpoint.is_fit


# --- painting -----------------------------------------------------------------------------------


def painted(picture: PagePicture, side: int) -> QImage:
    target = QImage(side, side, QImage.Format.Format_RGB32)
    target.fill(0)
    painter = QPainter(target)
    picture.paint(painter, QRect(0, 0, side, side), 1.0, QRectF(0, 0, side, side))
    painter.end()
    return target


def test_pixels_show_above_400_percent_and_previews_never_do() -> None:
    two = Raster(width=2, height=1, mode="RGB", pixels=bytes((0, 0, 0, 255, 255, 255)))
    sharp = {painted(PagePicture(two), 64).pixel(x, 0) & 255 for x in range(64)}
    smooth = {painted(PagePicture(two, is_smooth=True), 64).pixel(x, 0) & 255 for x in range(64)}
    assert sharp == {0, 255}
    assert len(smooth) > 8


def test_a_part_is_painted_like_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    raster = gradient_picture(90, 90, 3, noise=0.5)
    whole = painted(PagePicture(raster), 540)
    monkeypatch.setattr("sdstudio.ui.canvas.page_picture.MAX_SCALED_PX", 0)
    part = painted(PagePicture(raster), 540)
    assert all(whole.pixel(x, x) == part.pixel(x, x) for x in range(1, 540, 7))


def test_a_large_picture_is_painted_from_a_smaller_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdstudio.ui.canvas.page_picture.LEVEL_PX", 1000)
    picture = PagePicture(plain_raster(RED, 128, 128))
    assert picture.size == QSize(128, 128)
    assert painted(picture, 30).pixelColor(15, 15) == QColor(*RED)


def test_only_what_changes_is_painted(canvas: CountingCanvas, qtbot: QtBot) -> None:
    job = make_job()
    canvas.begin_run(job)
    qtbot.waitUntil(lambda: bool(canvas.painted), timeout=WAIT_MS)
    qtbot.wait(20)
    canvas.painted.clear()
    canvas.show_preview(make_step(job, plain_raster(RED)))
    qtbot.waitUntil(lambda: bool(canvas.painted), timeout=WAIT_MS)
    assert canvas.painted[0].width() <= canvas.page_rect.width() + 4 < canvas.width()


# --- a run --------------------------------------------------------------------------------------


def test_a_preview_has_the_place_and_size_of_the_picture(
    canvas: CountingCanvas, qtbot: QtBot
) -> None:
    job = make_job()
    canvas.begin_run(job)
    canvas.show_preview(make_step(job, plain_raster(RED, 8, 8)))
    place = canvas.page_rect
    assert middle_color(canvas) == RED
    with qtbot.waitSignal(canvas.shown_changed, timeout=WAIT_MS):
        canvas.end_run(job, JobFinished(job_id=job.id, pictures=1))
        assert middle_color(canvas) == RED  # until the picture is ready
        canvas.show_picture(make_result(job, GREEN), Path("a.png"))
    assert canvas.page_rect == place
    assert middle_color(canvas) == GREEN


def test_a_picture_that_is_late_does_not_hide_the_next_ones_preview(
    canvas: CountingCanvas, qtbot: QtBot
) -> None:
    job = make_job(count=2)
    canvas.begin_run(job)
    canvas.show_preview(make_step(job, plain_raster((0, 0, 99)), picture_index=1))
    with qtbot.waitSignal(canvas.shown_changed, timeout=WAIT_MS):
        canvas.show_picture(make_result(job, GREEN, picture_index=0), Path("a.png"))
    assert middle_color(canvas) == (0, 0, 99)


def test_a_cancelled_run_gives_the_place_back(canvas: CountingCanvas, qtbot: QtBot) -> None:
    first, second = make_job(), make_job()
    canvas.begin_run(first)
    with qtbot.waitSignal(canvas.shown_changed, timeout=WAIT_MS):
        canvas.show_picture(make_result(first, GREEN), Path("a.png"))
    canvas.begin_run(second)
    canvas.show_preview(make_step(second, plain_raster(RED)))
    assert middle_color(canvas) == RED
    canvas.drop_preview()
    canvas.end_run(second, JobCancelled(job_id=second.id))
    assert middle_color(canvas) == GREEN


def test_the_preview_outlives_its_buffer(canvas: CountingCanvas) -> None:
    job = make_job()
    canvas.begin_run(job)
    buffer = bytearray(bytes(RED) * 64)
    raster = Raster(width=8, height=8, mode="RGB", pixels=bytes(buffer))
    image = to_qimage(raster)
    canvas.show_preview(make_step(job, raster))
    canvas.grab()
    buffer[:] = bytes(len(buffer))
    del raster
    gc.collect()
    assert image.pixelColor(4, 4) == QColor(*RED)
    assert middle_color(canvas) == RED


def test_of_ten_thousand_previews_the_last_one_is_painted(
    canvas: CountingCanvas, qtbot: QtBot
) -> None:
    job = make_job()
    canvas.begin_run(job)
    qtbot.wait(20)
    canvas.painted.clear()
    for number in range(10_000):
        canvas.show_preview(make_step(job, plain_raster((number % 256, 0, 0))))
    canvas.show_preview(make_step(job, plain_raster(GREEN), step=10))
    qtbot.waitUntil(lambda: bool(canvas.painted), timeout=WAIT_MS)
    assert len(canvas.painted) <= 2
    assert middle_color(canvas) == GREEN


class FloodEngine(FakeEngine):
    """Emits far more previews than any window can paint."""

    def run(self, job: Job, emit: Emit) -> None:
        self.jobs_run.append(job)
        for _ in range(10_000):
            emit(make_step(job, plain_raster(RED)))
        emit(make_step(job, plain_raster(GREEN), step=10))


def test_a_flood_of_previews_ends_with_the_last_one(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    studio = open_studio(qapp, tmp_path, FloodEngine())
    with qtbot.waitSignal(studio.controller.job_ended, timeout=WAIT_MS):
        studio.actions["generate"].trigger()
    assert middle_color(studio.rooms.canvas) == GREEN
    studio.window.close()


def test_words_come_only_when_something_takes_long(canvas: CountingCanvas, qtbot: QtBot) -> None:
    job = make_job()
    canvas.begin_run(job)
    canvas.show_activity(ProgressEvent(job_id=job.id, text="Loading the model"))
    assert canvas.words == ""
    qtbot.waitUntil(lambda: canvas.words == "Loading the model", timeout=WAIT_MS)
    canvas.show_preview(make_step(job, plain_raster(RED)))
    assert canvas.words == ""


def test_looking_at_another_picture_is_not_interrupted(
    canvas: CountingCanvas, qtbot: QtBot
) -> None:
    job = make_job(count=2)
    canvas.begin_run(job)
    canvas.show_preview(make_step(job, plain_raster(RED)))
    chosen = plain_raster((1, 2, 3), 64, 64)
    with qtbot.waitSignal(canvas.watching_changed, check_params_cb=bool):
        canvas.look_at(ShownPicture(picture=chosen), PagePicture(chosen))
    canvas.show_preview(make_step(job, plain_raster(RED), step=2))
    canvas.show_picture(make_result(job, GREEN), Path("a.png"))
    qtbot.wait(100)
    assert middle_color(canvas) == (1, 2, 3)
    canvas.watch_run()
    canvas.show_preview(make_step(job, plain_raster(RED), picture_index=1))
    assert middle_color(canvas) == RED


def test_a_missing_picture_is_said_on_an_empty_page(canvas: CountingCanvas) -> None:
    canvas.show_missing("boat.png")
    assert canvas.shown is None
    assert "boat.png" in canvas._empty_words()


# --- mouse and keys -----------------------------------------------------------------------------


def wheel(canvas: CanvasView, notches: int, at: QPointF) -> None:
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_wheel_space_and_double_click(canvas: CountingCanvas, qtbot: QtBot) -> None:
    ViewGestures(canvas)
    controls = CanvasControls(canvas)
    canvas.set_empty_page(QSize(800, 600))
    fitted = canvas.viewpoint.zoom
    wheel(canvas, 6, QPointF(100, 80))
    assert canvas.viewpoint.zoom > 3 * fitted
    before = canvas.viewpoint.rect().topLeft()
    QApplication.sendEvent(
        canvas, QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    )
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    qtbot.mouseMove(canvas, QPoint(210, 170))
    QApplication.processEvents()
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(210, 170))
    assert canvas.viewpoint.rect().topLeft() - before == QPointF(10, 20)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))
    assert canvas.viewpoint.is_fit
    controls.actions["actual"].trigger()
    assert canvas.viewpoint.zoom == 1.0
    controls.actions["fit"].trigger()
    assert canvas.viewpoint.zoom == fitted


def test_ctrl_drag_asks_to_take_the_picture_out(canvas: CountingCanvas, qtbot: QtBot) -> None:
    ViewGestures(canvas)
    control = Qt.KeyboardModifier.ControlModifier
    with qtbot.waitSignal(canvas.drag_wanted, timeout=WAIT_MS):
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, control, QPoint(100, 100))
        qtbot.mouseMove(canvas, QPoint(160, 140))


def test_every_control_has_a_name_and_a_tooltip(studio: Studio) -> None:
    from PySide6.QtWidgets import QAbstractButton

    for room in (studio.rooms.canvas, studio.rooms.gallery, studio.rooms.queue):
        for button in room.findChildren(QAbstractButton):
            if button.objectName().startswith("qt_") or button.parent().inherits("QScrollBar"):
                continue
            assert button.accessibleName() or button.text(), button
            assert button.toolTip(), button.accessibleName()


# --- drops --------------------------------------------------------------------------------------


def urls_mime(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_of_five_thousand_files_one_is_taken_and_the_rest_counted(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.txt" for number in range(20)]
    files += [tmp_path / "boat.png"] + [tmp_path / f"{n}.png" for n in range(4979)]
    offer = read_offer(urls_mime(*files))
    assert offer.path == tmp_path / "boat.png"
    assert offer.left_out == 4999


def test_what_is_no_picture_is_answered_in_words(tmp_path: Path) -> None:
    text, web = QMimeData(), QMimeData()
    text.setText("hello")
    web.setUrls([QUrl("https://example.org/a.png")])
    for mime, words in ((text, "text"), (web, "web address"), (QMimeData(), "no picture")):
        with pytest.raises(PictureFileError, match=words):
            read_offer(mime)
    fake = tmp_path / "fake.png"
    fake.write_text("not a picture")
    for path, words in ((tmp_path, "folder"), (fake, "not a picture"), (tmp_path / "x.png", "not")):
        with pytest.raises(PictureFileError, match=words):
            read_picture(PictureOffer(path=path))


def test_pasted_bytes_go_through_the_same_gate(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    job = make_job()
    save_picture(make_result(job, RED), path)
    data = path.read_bytes()
    mime = QMimeData()
    mime.setData("image/png", data)
    assert read_picture(read_offer(mime)).pixels[:3] == bytes(RED)
    with pytest.raises(PictureFileError):
        read_picture(PictureOffer(data=data[: len(data) // 2]))


@pytest.mark.parametrize("width", [1, 3, 5, 64])
def test_an_image_in_memory_keeps_its_pixels(width: int) -> None:
    raster = gradient_picture(width, 7, 2, noise=0.5)
    assert to_raster(to_qimage(raster)) == raster
    with pytest.raises(PictureFileError):
        to_raster(QImage())


def drop_on(studio: Studio, mime: QMimeData) -> None:
    place = QPoint(300, 200)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(place), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(studio.stage, enter)
    assert enter.isAccepted()
    assert studio.rooms.drop.frame.isVisible()
    drop = QDropEvent(QPointF(place), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(studio.stage, drop)
    assert not studio.rooms.drop.frame.isVisible()


def test_a_dropped_picture_is_started_from_in_its_own_shape(
    studio: Studio, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "wide.png"
    to_qimage(gradient_picture(300, 150, 1)).save(str(path))
    drop_on(studio, urls_mime(path, tmp_path / "other.png"))
    qtbot.waitUntil(lambda: studio.form.init_image is not None, timeout=WAIT_MS)
    assert studio.form.width == pytest.approx(2 * studio.form.height, rel=0.05)
    qtbot.waitUntil(lambda: studio.rooms.canvas.shown is not None, timeout=WAIT_MS)
    assert studio.stage.welcome.isHidden()
    assert studio.stage.notices.shown is not None
    assert "1 other" in studio.stage.notices.shown.hint


def test_a_dropped_folder_or_text_is_answered(studio: Studio, qtbot: QtBot, tmp_path: Path) -> None:
    drop_on(studio, urls_mime(tmp_path))
    qtbot.waitUntil(lambda: studio.stage.notices.shown is not None, timeout=WAIT_MS)
    assert studio.stage.notices.shown is not None
    assert "folder" in studio.stage.notices.shown.text
    text = QMimeData()
    text.setText("a boat")
    drop_on(studio, text)
    assert "text" in studio.stage.notices.shown.text
    assert studio.form.init_image is None


def test_a_picture_on_the_clipboard_is_started_from(studio: Studio, qtbot: QtBot) -> None:
    QApplication.clipboard().setImage(to_qimage(plain_raster(RED, 32, 32)))
    studio.panel.prompt.setFocus()
    studio.panel.prompt.paste()
    qtbot.waitUntil(lambda: studio.form.init_image is not None, timeout=WAIT_MS)
    assert studio.form.init_image == plain_raster(RED, 32, 32)
    QApplication.clipboard().setImage(to_qimage(plain_raster(GREEN, 32, 32)))
    studio.rooms.canvas.paste()
    qtbot.waitUntil(lambda: studio.form.init_image == plain_raster(GREEN, 32, 32), timeout=WAIT_MS)
