"""Forms, which are validated by pydantic models. Errors are shown next to their fields, and input is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData

from examples.web.words import is_plain, normalised

MOST_ID = 2**31 - 1  # the largest integer in PostgreSQL
Fields = TypeVar("Fields", bound=BaseModel)


def plain(text: str) -> str:
    """Refuse control characters. Names do not contain any, and PostgreSQL cannot store NUL."""
    if not is_plain(text):
        raise ValueError("must be one line without control characters")
    return text


def _normalised(value: Any) -> Any:
    return normalised(value) if isinstance(value, str) else value


Id = Annotated[int, Field(ge=1, le=MOST_ID)]
Line = Annotated[
    str,
    BeforeValidator(_normalised),
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(plain),
]


@dataclass
class Form(Generic[Fields]):
    """The input of a form, its errors and, if there are none, the validated data."""

    typed: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    data: Fields | None = None

    def value(self, name: str) -> Any:
        """Return the value to show in a field."""
        value = self.typed.get(name)
        return "" if value is None else value

    def refuse(self, name: str, words: str) -> None:
        """Add an error that depends on the database."""
        self.errors[name] = words


def filled(values: Mapping[str, Any] | None = None) -> Form[Any]:
    """Return a form that shows the given values, or an empty form by default."""
    return Form(dict(values or {}))


def read_form(fields: type[Fields], posted: FormData) -> Form[Fields]:
    """Read a posted form.

    Parameters
    ----------
    fields : pydantic model
        The model of the form. A field whose type is a list takes all values with its name. Values are
        normalised, and empty values count as omitted. Validators of a field can raise a ValueError with a
        message for the page.
    posted : FormData

    Returns
    -------
    form : Form
        With `data`, or with `errors` by the field's name ("" for the whole form).
    """
    typed: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name, info in fields.model_fields.items():
        texts = [text for text in posted.getlist(name) if isinstance(text, str)]
        is_list = get_origin(info.annotation) is list
        typed[name] = texts if is_list else (texts or [""])[0]
        filled_in = [text for text in map(normalised, texts if is_list else texts[:1]) if text.strip()]
        if is_list or filled_in:
            given[name] = filled_in if is_list else filled_in[0]
    try:
        return Form(typed, {}, fields.model_validate(given))
    except ValidationError as error:
        return Form(typed, errors_by_field(error.errors()))


def errors_by_field(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the first error message of each field."""
    said: dict[str, str] = {}
    for error in errors:
        said.setdefault(str(error["loc"][0]) if error["loc"] else "", in_words(error))
    return said


def in_words(error: Mapping[str, Any]) -> str:
    """Convert one of pydantic's errors to a message that states what is allowed and what was given."""
    allowed, given = error.get("ctx", {}), repr(error.get("input"))[:60]
    kind = error["type"]
    if kind in ("too_long", "too_short") and isinstance(error.get("input"), str):
        kind = f"string_{kind}"
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
