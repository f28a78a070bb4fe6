"""A site of one table whose model counts its rows: the smallest that uses all the shared parts."""

import copy
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sklearn.naive_bayes import MultinomialNB
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from starlette.datastructures import FormData

from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.forms import Line, read_form
from examples.web.login import admin_only
from examples.web.security import posted

tables = MetaData()
words = Table(
    "words",
    tables,
    Column("id", Integer, primary_key=True),
    Column("word", String(20), nullable=False),
    Column("version", Integer, nullable=False),
)
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "demo_0001", "web_0001", None, None
def upgrade():
    op.create_table("words", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("word", sa.String(20), nullable=False), sa.Column("version", sa.Integer, nullable=False))
def downgrade():
    op.drop_table("words")
"""


def counted(rows, model=None):
    if "bad" in rows:
        raise ValueError("a bad word")
    return (model or MultinomialNB()).partial_fit(np.ones((len(rows), 1)), rows, classes=["tea", "wine"])


def train(session):
    return counted(list(session.scalars(select(words.c.word))))


def update(model, session, since, upto):
    new = select(words.c.word).where(words.c.version > since, words.c.version <= upto)
    rows = list(session.scalars(new))
    return counted(rows, copy.deepcopy(model)) if rows else model


def compiled(model, session, previous):
    return dict(zip(model.classes_.tolist(), model.class_count_.tolist(), strict=True))


def add(session, word, *, structural):
    session.execute(insert(words).values(word=word, version=bump(session, structural=structural)))


class Order(BaseModel):
    word: Line
    cups: Annotated[int, Field(ge=1, le=9)] = 1
    extras: list[Line] = []


router = APIRouter()


@router.get("/")
def front(request: Request, q: str = ""):
    return render(request, "front.html", asked=q, counts=request.app.state.live.answers)


@router.get("/admin", dependencies=[Depends(admin_only)])
def admin(request: Request):
    return render(request, "front.html", asked="the admin", counts={})


@router.post("/order")
def order(request: Request, fields: FormData = Depends(posted)):  # noqa: B008
    form = read_form(Order, fields)
    if form.data is None:
        return render(request, "error.html", 422, heading="No", words=str(form.errors))
    with request.app.state.database.writing() as session:
        add(session, form.data.word, structural=True)
    return redirect(request, "/", f"Ordered {form.data.word}")


@router.post("/api/echo")
async def echo(order: Order):
    return order


@router.get("/api/crash")
@router.get("/crash")
def crash():
    raise RuntimeError("a secret detail")
