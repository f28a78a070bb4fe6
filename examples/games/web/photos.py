"""Photos for covers, which the admin uploads. They are encoded again, so that nothing else is stored."""

import io
import warnings
import zlib

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from PIL import Image, ImageOps
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from examples.games.web.pages import cover_url, find_game
from examples.games.web.tables import Game, GamePhoto
from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.desk import RowId
from examples.web.login import admin_only
from examples.web.security import MOST_PHOTO_BYTES, posted

FORMATS = ("JPEG", "PNG", "WEBP")
SIZE = (600, 800)  # pixels, twice the size at which covers are shown
MOST_PIXELS = 50_000_000  # in an uploaded JPEG photo, which can be decoded at a fraction of its size
MOST_OF_OTHERS = 20_000_000  # in other formats; decoding and cropping need about 20 bytes for each pixel
LONGEST_SIDE = 20_000  # pixels; each line needs memory too
MEGABYTES = MOST_PHOTO_BYTES >> 20

router = APIRouter(prefix="/admin/games", include_in_schema=False, dependencies=[Depends(admin_only)])
pictures = APIRouter(prefix="/covers", include_in_schema=False)


class PhotoError(ValueError):
    """Error raised if a file cannot be used as a photo. The message is for the admin."""


def encoded(content: bytes) -> bytes:
    """Return a photo as a JPEG file of size `SIZE`, upright, cropped around its centre, without metadata.

    Raises
    ------
    PhotoError
        If it is not a photo in one of the formats, is damaged, or has too many pixels.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of Pillow, about damaged metadata and large photos
            Image.open(io.BytesIO(content), formats=FORMATS) as photo,
        ):
            width, height = photo.size
            kind = "JPEG" if photo.format == "MPO" else photo.format  # JPEG with more than one picture
            most = MOST_PIXELS if kind == "JPEG" else MOST_OF_OTHERS
            if width * height > most or max(width, height) > LONGEST_SIDE:
                millions = most // 10**6
                raise PhotoError(
                    f"A {kind} photo must have at most {millions} million pixels, and no side longer "
                    f"than {LONGEST_SIDE:,} pixels. Got {width} x {height} instead. Make it smaller."
                )
            photo.draft("RGB", (2 * SIZE[0], 2 * SIZE[1]))  # decode a large JPEG at a fraction of its size
            upright = with_8_bits(ImageOps.exif_transpose(photo))
            if upright.has_transparency_data:
                upright = upright.convert("RGBA")
                ground = Image.new("RGBA", upright.size, "white")
                upright = Image.alpha_composite(ground, upright)
            cropped = ImageOps.fit(upright.convert("RGB"), SIZE)
    except PhotoError:
        raise
    except Exception as error:  # Pillow raises many kinds of errors for damaged files
        raise PhotoError("This is not a photo that can be read. Use a JPEG, PNG or WebP file.") from error
    written = io.BytesIO()
    Image.frombytes("RGB", SIZE, cropped.tobytes()).save(written, "JPEG", quality=85, optimize=True)
    return written.getvalue()


def with_8_bits(photo: Image.Image) -> Image.Image:
    """Return a photo with 8 bits per value. Pillow would convert most grey values of 16 bits to white."""
    if not photo.mode.startswith("I;16"):
        return photo
    return photo.convert("I").point(lambda value: value / 256).convert("L")


@router.get("/{row_id}/photo")
def show(request: Request, row_id: RowId) -> Response:
    """Show the cover of a game, and the form for a photo."""
    return _page(request, row_id)


@router.post("/{row_id}/photo")
def save(request: Request, row_id: RowId, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Save a photo as the cover of a game."""
    file = fields.get("photo")
    content = file.file.read() if isinstance(file, UploadFile) else b""
    if not content:
        return _page(request, row_id, "Choose a photo first.")
    try:
        photo = encoded(content)
    except PhotoError as error:
        return _page(request, row_id, str(error))
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        game = _game(session, row_id)
        stored = session.get(GamePhoto, row_id) or GamePhoto(game_id=row_id)
        stored.jpeg, game.photo, game.demo = photo, f"{zlib.crc32(photo):x}", False
        session.add(stored)
        title = game.title
    return redirect(request, f"/admin/games/{row_id}/photo", f"{title} has a new cover.")


@router.post("/{row_id}/photo/remove")
def remove(request: Request, row_id: RowId, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Delete the photo of a game, so that its drawn cover is shown again."""
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        game = _game(session, row_id)
        if stored := session.get(GamePhoto, row_id):
            session.delete(stored)
        game.photo, title = None, game.title
    return redirect(request, f"/admin/games/{row_id}/photo", f"{title} has its drawn cover again.")


def _page(request: Request, row_id: int, problem: str = "") -> Response:
    with request.app.state.database.reading() as session:
        game = _game(session, row_id)
        return render(
            request,
            "admin_photo.html",
            422 if problem else 200,
            game=game,
            problem=problem,
            megabytes=MEGABYTES,
            cover_url=cover_url,
        )


def _game(session: Session, row_id: int) -> Game:
    game = session.get(Game, row_id)
    if game is None:
        raise HTTPException(404, "There is no such game.")
    return game


@pictures.get("/{slug}.jpg")
def photo_picture(request: Request, slug: str) -> Response:
    """Return the photo of a game's cover."""
    with request.app.state.database.reading() as session:
        stored = session.get(GamePhoto, find_game(session, slug).id)
        if stored is None:
            raise HTTPException(404, "This game has no photo.")
        content = stored.jpeg
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})
