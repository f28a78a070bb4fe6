"""Forms: a pydantic model reads what was posted; errors stand beside their fields, what was typed is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_origin

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData

MOST_ID = 2**31 - 1  # PostgreSQL's integer
Fields = TypeVar("Fields", bound=BaseModel)


def plain(text: str) -> str:
    """Refuse control characters: they are in no name, and PostgreSQL keeps no NUL."""
    if not text.isprintable():
        raise ValueError("must be one line without control characters")
    return text


Id = Annotated[int, Field(ge=1, le=MOST_ID)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(plain)
]


@dataclass
class Form(Generic[Fields]):
    """What was typed, what is wrong with it, and what it says if nothing is."""

    typed: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    data: Fields | None = None

    def value(self, name: str) -> Any:
        """Return what a field is to show."""
        value = self.typed.get(name)
        return "" if value is None else value

    def refuse(self, name: str, words: str) -> None:
        """Add what only the database knew to be wrong."""
        self.errors[name] = words


def filled(values: Mapping[str, Any] | None = None) -> Form[Any]:
    """Return a form that shows these values, all empty by default."""
    return Form(dict(values or {}))


def read_form(fields: type[Fields], posted: FormData) -> Form[Fields]:
    """Read a posted form.

    Parameters
    ----------
    fields : pydantic model
        A field whose type is a list takes all values of its name. An empty text counts as left out. A field's
        own validators may raise ValueError with a sentence for the page.
    posted : FormData

    Returns
    -------
    form : Form
        With `data`, or with `errors` by the field's name ("" for the whole form).
    """
    typed: dict[str, Any] = {}
    for name, info in fields.model_fields.items():
        texts = [text for text in posted.getlist(name) if isinstance(text, str)]
        typed[name] = texts if get_origin(info.annotation) is list else (texts or [""])[0]
    given = {
        name: [text for text in value if text.strip()] if isinstance(value, list) else value
        for name, value in typed.items()
        if isinstance(value, list) or value.strip()
    }
    try:
        return Form(typed, {}, fields.model_validate(given))
    except ValidationError as error:
        return Form(typed, errors_by_field(error.errors()))


def errors_by_field(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the first error of each field, in words."""
    said: dict[str, str] = {}
    for error in errors:
        said.setdefault(str(error["loc"][0]) if error["loc"] else "", in_words(error))
    return said


def in_words(error: Mapping[str, Any]) -> str:
    """Write one of pydantic's errors for a person: what is allowed, and what was given."""
    allowed, given = error.get("ctx", {}), repr(error.get("input"))[:60]
    kind = error["type"]
    known = {
        "missing": "Please fill this in.",
        "string_too_short": "Please fill this in.",
        "too_short": f"Please choose at least {allowed.get('min_length')}.",
        "too_long": f"At most {allowed.get('max_length')} are allowed.",
        "string_too_long": f"Must have at most {allowed.get('max_length')} characters.",
        "greater_than_equal": f"Must be at least {allowed.get('ge')}, got {given}.",
        "greater_than": f"Must be more than {allowed.get('gt')}, got {given}.",
        "less_than_equal": f"Must be at most {allowed.get('le')}, got {given}.",
        "less_than": f"Must be less than {allowed.get('lt')}, got {given}.",
        "literal_error": f"Must be {allowed.get('expected')}, got {given}.",
        "decimal_max_places": f"Must have at most {allowed.get('decimal_places')} decimals, got {given}.",
        "value_error": str(allowed.get("error")),
    }
    if kind in known:
        words = known[kind]
    elif kind.startswith("int"):
        words = f"Must be a whole number, got {given}."
    elif kind.startswith(("float", "decimal", "finite")):
        words = f"Must be a number, got {given}."
    elif kind.startswith("date"):
        words = f"Must be a date such as 2026-02-28, got {given}."
    else:
        words = error["msg"] + "."
    return words[0].upper() + words[1:]
