"""Photos for covers: what is accepted, what is stored, and what is shown."""

import io
import re
import zlib

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from examples.games.web.photos import SIZE, PhotoError, encoded
from examples.games.web.tables import Game, GamePhoto
from tests.examples.web.pages import token_of

ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


def picture(form="PNG", size=(30, 50), mode="RGB", color=(200, 10, 10), **more):
    written = io.BytesIO()
    Image.new(mode, size, color).save(written, form, **more)
    return written.getvalue()


def opened(content):
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_photo_becomes_a_jpeg_of_the_size_of_covers(form):
    photo = opened(encoded(picture(form)))
    assert (photo.format, photo.size, photo.mode) == ("JPEG", SIZE, "RGB")
    np.testing.assert_allclose(np.asarray(photo)[400, 300], [200, 10, 10], atol=6)


def test_place_maker_and_text_of_a_photo_are_not_kept():
    exif = Image.Exif()
    exif[MAKER] = "Secret camera"
    exif.get_ifd(GPS)[1] = "N"
    photo = opened(encoded(picture("JPEG", exif=exif, comment=b"secret")))
    assert not photo.getexif()
    assert set(photo.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_photo_is_turned_upright():
    left = Image.new("RGB", (80, 60), "white")
    left.paste((0, 0, 255), (0, 0, 40, 60))  # blue on the left
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn by 90 degrees clockwise to see it: blue is then at the top
    written = io.BytesIO()
    left.save(written, "JPEG", exif=exif, quality=95)
    pixels = np.asarray(opened(encoded(written.getvalue())))
    assert pixels[100, 300][2] > 200 > 100 > pixels[100, 300][0]
    assert pixels[700, 300].min() > 200


def test_transparent_parts_become_white_and_palettes_colours():
    clear = opened(encoded(picture(mode="RGBA", color=(0, 0, 0, 0))))
    assert np.asarray(clear).min() > 250
    assert opened(encoded(picture(mode="P", color=0))).mode == "RGB"


def test_a_grey_photo_of_16_bits_keeps_its_grey():
    written = io.BytesIO()
    Image.fromarray(np.full((40, 30), 100 * 257, dtype=np.uint16)).save(written, "PNG")
    np.testing.assert_allclose(np.asarray(opened(encoded(written.getvalue()))), 100, atol=2)


def test_a_phones_photo_with_a_second_picture_counts_as_jpeg():
    written = io.BytesIO()
    second = Image.new("RGB", (8, 8))
    Image.new("RGB", (5000, 4001)).save(written, "MPO", save_all=True, append_images=[second])
    assert opened(encoded(written.getvalue())).size == SIZE


JPEG = picture("JPEG")
BAD = {
    "empty": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "gif": picture("GIF"),
    "tiff": picture("TIFF"),
    "cut": JPEG[: len(JPEG) // 2],
    "bits": bytes(255 - byte for byte in JPEG),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_other_files_are_refused(content):
    with pytest.raises(PhotoError, match="not a photo that can be read"):
        encoded(content)


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (5_000, 4_001), (1, 20_001)])
def test_a_small_file_with_very_many_pixels_is_refused_before_it_is_decoded(width, height):
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    chunks = b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
        for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    )
    with pytest.raises(PhotoError, match=f"at most 20 million pixels.* Got {width} x {height} instead"):
        encoded(b"\x89PNG\r\n\x1a\n" + chunks)


def game_of(app, slug):
    with app.state.database.reading() as session:
        return session.scalar(select(Game).where(Game.slug == slug))


def upload(admin, path, content, name="photo.png"):
    data = {"csrf": token_of(admin.get(path))}
    return admin.post(path, data=data, files={"photo": (name, content, "image/png")})


def test_the_admin_gives_a_game_a_photo_and_takes_it_away(app, admin, browser):
    path = f"/admin/games/{game_of(app, 'tetris').id}/photo"
    assert 'href="' + path in admin.get(path.removesuffix("/photo")).text
    page = upload(admin, path, picture(size=(400, 300)))
    assert page.status_code == 200
    assert "Tetris has a new cover." in page.text
    address = f"/covers/tetris.jpg?v={game_of(app, 'tetris').photo}"
    assert address in browser.get("/games/tetris").text.replace("&amp;", "&")
    shown = browser.get(address)
    assert shown.headers["content-type"] == "image/jpeg"
    assert opened(shown.content).size == SIZE
    page = admin.post(f"{path}/remove", data={"csrf": token_of(admin.get(path))})
    assert "its drawn cover again" in page.text
    assert "/covers/tetris.svg" in browser.get("/games/tetris").text
    assert browser.get("/covers/tetris.jpg").status_code == 404


def test_a_game_of_the_demonstration_with_a_photo_counts_as_changed(app, admin):
    """Removing the demonstration data would otherwise delete the photo with the game."""
    game = game_of(app, "pong") or game_of(app, "tetris")
    upload(admin, f"/admin/games/{game.id}/photo", picture())
    assert not game_of(app, game.slug).demo


def test_a_bad_photo_changes_nothing_and_says_why(app, admin):
    path = f"/admin/games/{game_of(app, 'doom').id}/photo"
    upload(admin, path, picture())
    before = game_of(app, "doom").photo
    page = upload(admin, path, BAD["svg"])
    assert (page.status_code, "not a photo that can be read" in page.text) == (422, True)
    assert "Choose a photo first." in upload(admin, path, b"").text
    assert game_of(app, "doom").photo == before


def test_a_photo_leaves_with_its_game(app, admin):
    game = game_of(app, "quake") or game_of(app, "doom")
    path = f"/admin/games/{game.id}"
    upload(admin, f"{path}/photo", picture())
    data = {"csrf": token_of(admin.get(f"{path}/delete"))}
    admin.post(f"{path}/delete", data=data | hidden(admin.get(f"{path}/delete")))
    with app.state.database.reading() as session:
        assert session.get(Game, game.id) is None
        assert session.get(GamePhoto, game.id) is None


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def test_only_the_admin_may_send_a_photo_and_only_a_photo_may_be_large(app, browser, admin):
    path = f"/admin/games/{game_of(app, 'tetris').id}/photo"
    token = token_of(browser.get("/games/tetris"))
    sent = browser.post(path, data={"csrf": token}, files={"photo": ("a.png", picture(), "image/png")})
    assert "/login" in str(sent.url)
    large = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    written = io.BytesIO()
    Image.fromarray(large).save(written, "PNG")
    assert len(written.getvalue()) > 2**20
    assert upload(admin, path, written.getvalue()).status_code == 200
    assert upload(admin, path, bytes(11 << 20)).status_code == 413


def test_the_photo_of_a_stranger_is_not_even_read(browser, app, monkeypatch):
    """Anybody could send forms of this size, and each would be kept on the disk while it is read."""
    read = []
    monkeypatch.setattr("starlette.formparsers.MultiPartParser.parse", lambda parser: read.append(parser))
    path = f"/admin/games/{game_of(app, 'doom').id}/photo"
    answer = browser.post(path, files={"photo": ("photo.png", bytes(2 << 20), "image/png")})
    assert answer.url.path == "/login"
    assert read == []
