"""The command line of the digits example: ``python -m examples.digits --help``."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from sklearn.pipeline import Pipeline

from estimators import MLPClassifier
from examples.arguments import (
    Parser,
    card_path,
    check_matplotlib,
    count,
    model_path,
    picture_path,
    whole_number,
    writable_path,
)
from examples.digits import boundary, curves, regularise
from examples.digits.data import Lesson, fetch_mnist, load_bundled, load_mnist
from examples.digits.drawing import PictureError, as_text, read_drawing
from examples.digits.evaluate import evaluate, save_json, save_picture, show
from examples.digits.idx import ImagesFileError
from examples.digits.model import MODELS, held_out_scores, train
from examples.digits.search import report_of, search
from examples.digits.search import show as show_search
from examples.digits.summary import empty_net, steps_in_words
from examples.saved import load_named, load_or_train
from examples.terminal import Terminal, run_quietly
from pipelines import ModelFileError, save_model

MODEL = Path(__file__).parents[2] / "models" / "digits.json"
RETRAIN = "python -m examples.digits train"
FEWEST = 200  # images: enough to hold out a fifth and cut five folds, with all ten digits in each


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0, or 1 if a file cannot be used. Exit with 2 if an argument is wrong."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    messages = Terminal(stderr=True)
    try:
        return run_quietly(lambda: options.run(options, Terminal(), messages, options.fail), messages)
    except (ModelFileError, ImagesFileError, PictureError, OSError) as error:
        messages.print(f"{error}", style="red", markup=False)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = Parser(
        prog="python -m examples.digits",
        description="Recognise handwritten digits with neural networks trained on scikit-learn's 1,797 "
        "images or on the 70,000 images of MNIST. The trained model is saved as models/digits.json.",
        epilog="example: python -m examples.digits predict examples/digits/data/five.png",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    learn = learning_options()

    def add(name: str, run: Callable, help: str, *, learns: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, parents=[learn] if learns else [], help=help)
        command.set_defaults(run=run, fail=command.error)
        return command

    command = add(
        "predict",
        run_predict,
        "recognise the digit in a picture, and print the image that the model receives",
        learns=False,
    )
    command.usage = f"{command.prog} [-h] [--model CARD] [--json] PNG"
    command.add_argument(  # required by run_predict, so that an unknown option is reported first
        "picture", nargs="?", type=readable_picture, metavar="PNG", help="a picture of one handwritten digit"
    )
    command.add_argument(
        "--model",
        type=model_path,
        metavar="CARD",
        help="the card of a model saved by the train command (default: models/digits.json)",
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")

    command = add("train", run_train, "train a model, score it on held-out images and save it")
    command.add_argument(
        "--net",
        choices=MODELS,
        help="the model: softmax (no hidden layer), hidden (one hidden layer) or deep (three hidden layers "
        "with batch normalisation); default: deep",
    )
    command.add_argument(
        "--output",
        type=card_path,
        metavar="CARD",
        help="where to save the model (default: models/digits.json); required if any other option is given",
    )

    command = add(
        "evaluate",
        run_evaluate,
        "score the three models on unseen images, and list their most frequent errors",
    )
    add_outputs(command, "the scores")
    command = add("curves", run_curves, "compare the training loss and the held-out loss after each epoch")
    add_outputs(command, "the losses")
    command = add(
        "regularise", run_regularise, "compare L1, L2, dropout and batch normalisation by cross-validation"
    )
    command.add_argument(
        "--json", type=writable_path, metavar="FILE", help="write the scores to this file as JSON"
    )
    command = add("search", run_search, "search for good hyperparameters by successive halving")
    command.add_argument(
        "--json", type=writable_path, metavar="FILE", help="write the results to this file as JSON"
    )

    command = add(
        "boundary",
        run_boundary,
        "compare the decision boundaries of a linear model and a network on the two-moons data",
        learns=False,
    )
    command.add_argument("--seed", type=count, default=0, metavar="N", help="random seed (default: 0)")
    command.add_argument(
        "--picture",
        type=picture_path,
        metavar="FILE",
        help="plot the result and save the plot to this .svg or .png file",
    )

    command = add(
        "summary",
        run_summary,
        "list the layers of a model with their output shapes and parameter counts",
        learns=False,
    )
    command.add_argument("--net", choices=MODELS, help="the model to describe (default: the saved model)")
    command.add_argument(
        "--side",
        type=int,
        choices=(8, 28),
        default=8,
        help="width of the images in pixels; only used with --net (default: 8)",
    )
    command.add_argument("--mermaid", action="store_true", help="print a Mermaid graph instead of a table")
    return parser


def learning_options() -> argparse.ArgumentParser:
    """Return the options that choose the training data and control the training."""
    learn = argparse.ArgumentParser(add_help=False)
    group = learn.add_argument_group("training (default data: scikit-learn's digits)")
    data = group.add_mutually_exclusive_group()
    data.add_argument(
        "--mnist",
        type=Path,
        metavar="DIR",
        help="train on MNIST; DIR is the folder with its four files, such as train-images-idx3-ubyte.gz",
    )
    data.add_argument(
        "--fetch", action="store_true", help="download MNIST from OpenML (15 MB) and train on it"
    )
    group.add_argument(
        "--images", type=count, metavar="N", help=f"train on only N of the images (at least {FEWEST})"
    )
    group.add_argument(
        "--epochs",
        type=whole_number,
        metavar="N",
        help="number of passes over the images (default: 10 to 60, depending on the model)",
    )
    group.add_argument("--seed", type=count, default=0, metavar="N", help="random seed (default: 0)")
    return learn


def add_outputs(command: argparse.ArgumentParser, what: str) -> None:
    """Add the options that write the result to files."""
    command.add_argument(
        "--json", type=writable_path, metavar="FILE", help=f"write {what} to this file as JSON"
    )
    command.add_argument(
        "--picture",
        type=picture_path,
        metavar="FILE",
        help="plot the result and save the plot to this .svg or .png file",
    )


def readable_picture(text: str) -> Path:
    """Read the path of a picture, and check that matplotlib can read pictures."""
    check_matplotlib()
    return Path(text)


def run_predict(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the digit that a picture shows."""
    if not options.picture:
        fail("the following arguments are required: PNG")
    model = load_recogniser(options.model, messages)
    drawing = read_drawing(options.picture, side_of(model, options.model or MODEL))
    P = model.predict_proba(drawing.row)[0]
    order = sorted(range(len(P)), key=lambda i: -P[i])
    told = {
        "digit": int(model.classes_[order[0]]),
        "probabilities": {str(digit): round(float(p), 4) for digit, p in zip(model.classes_, P, strict=True)},
        "dark_ink": drawing.inverted,
        "sees": [round(float(brightness), 4) for brightness in drawing.row[0]],
    }
    if options.json:
        print(json.dumps(told))
        return
    console.print(as_text(drawing.row), markup=False, highlight=False)
    console.print(
        f"\nThis is {'an' if told['digit'] == 8 else 'a'} {told['digit']}.", style="bold", markup=False
    )
    likely = [f"{model.classes_[i]} ({P[i]:.1%})" for i in order[:3]]
    console.print(f"Most probable digits: {', '.join(likely)}", markup=False)


def run_train(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Train, score and save a model."""
    if learned_by(options) and not options.output:
        fail(
            "--output is required with these options, because models/digits.json is reserved for the default "
            "model"
        )
    lesson = lesson_of(options, messages, fail)
    with messages.status("Training ..."):
        model = train(lesson, options.net or "deep", options.epochs, options.seed)
    X, X_new, y, _ = lesson.split(options.seed)
    scores = held_out_scores(model, lesson, options.seed)
    card = save_model(
        model,
        options.output or MODEL,
        X=X,
        y=y,
        scores=scores,
        questions=X_new[:3],
        answer=lambda model, images: model.predict(images).tolist(),
        retrain=" ".join([RETRAIN, *learned_by(options)]),
    )
    console.print(f"Trained on {len(y):,} images and scored on {len(X_new):,}. Saved as {escape(str(card))}.")
    console.print_json(data=scores)


def run_evaluate(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Compare the three models."""
    lesson = lesson_of(options, messages, fail)
    report = evaluate(lesson, options.epochs, options.seed, messages)
    show(report, console)
    write(options, report, lambda report, file: save_picture(report, lesson, file))


def run_curves(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the training and held-out losses."""
    report = curves.loss_curves(lesson_of(options, messages, fail), options.epochs, options.seed, messages)
    curves.show(report, console)
    write(options, report, curves.save_picture)


def run_regularise(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Compare kinds of regularisation."""
    report = regularise.compare(lesson_of(options, messages, fail), options.epochs, options.seed, messages)
    regularise.show(report, console)
    write(options, report)


def run_search(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Search for hyperparameters."""
    if options.epochs:
        fail("argument --epochs: not allowed with search, which sets the number of epochs itself")
    report = report_of(search(lesson_of(options, messages, fail), options.seed))
    show_search(report, console)
    write(options, report)


def run_boundary(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Compare the decision boundaries of two models on the two-moons data."""
    report = boundary.part_moons(options.seed)
    boundary.show(report, console)
    if options.picture:
        boundary.save_picture(report, options.picture)


def run_summary(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the layers of a model."""
    if options.net:
        net = empty_net(options.net, options.side)
    else:
        model = load_recogniser(None, messages)
        net = model["net"]
        if not options.mermaid:
            console.print(steps_in_words(model), markup=False, highlight=False)
    print(net.to_mermaid() if options.mermaid else net.summary())


def write(options: Any, report: Any, draw: Callable | None = None) -> None:
    """Write the files given by --picture and --json."""
    if draw and options.picture:
        draw(report, options.picture)
    if options.json:
        save_json(report, options.json)


def load_recogniser(card: Path | None, messages: Console) -> Pipeline:
    """Load the model with the given card, or this example's own model."""
    if card:
        return load_named(card, Pipeline, messages)
    return load_or_train(MODEL, MLPClassifier, train, RETRAIN, messages)


def side_of(model: Pipeline, card: Path) -> int:
    """Return the width in pixels of the images that a model classifies."""
    features = getattr(model, "n_features_in_", 0)
    side = round(features**0.5)
    if side * side != features or side < 4 or not hasattr(model, "predict_proba"):
        raise ModelFileError(
            f"The model {str(card)!r} must be a classifier of square images that has the method "
            f"predict_proba."
        )
    return side


def lesson_of(options: Any, messages: Console, fail: Callable) -> Lesson:
    """Return the training images."""
    if options.images is not None and options.images < FEWEST:
        fail(f"argument --images: must be a whole number of at least {FEWEST}, got '{options.images}'")
    if options.mnist:
        lesson = load_mnist(options.mnist)
    elif options.fetch:
        with messages.status("Downloading MNIST ..."):
            lesson = fetch_mnist()
    else:
        lesson = load_bundled()
    if options.images and options.images > len(lesson.y):
        fail(
            f"argument --images: must be at most {len(lesson.y):,}, the number of images; "
            f"got '{options.images}'"
        )
    return lesson.only(options.images, options.seed)


def learned_by(options: Any) -> list[str]:
    """Return the arguments that repeat this training, quoted for a shell."""
    named = {
        "--net": options.net,
        "--mnist": options.mnist,
        "--images": options.images,
        "--epochs": options.epochs,
        "--seed": options.seed or None,
    }
    given = [str(word) for name, value in named.items() if value is not None for word in (name, value)]
    return [shlex.quote(word) for word in [*given, *(["--fetch"] if options.fetch else [])]]


if __name__ == "__main__":
    sys.exit(main())
