"""Parquet, CSV and NDJSON files as bounded batches; a file that does not fit the others is named."""

import polars as pl
import pytest
from numpy.testing import assert_array_equal

from estimators import GDRegressor
from pipelines import fit_batches, game_recommender, scan_csv, scan_ndjson, scan_parquet

GAMES = pl.DataFrame(
    {
        "title": ["Tetris", "Doom", "Portal", "Celeste", "Tetris"] * 4,
        "budget": ["cheap", "cheap", "standard", "standard", "premium"] * 4,
        "gameplay_types": [["Puzzle"], ["Shooter"], ["Puzzle", "Platform"], [], ["Puzzle"]] * 4,
    }
)
NUMBERS = pl.DataFrame(
    {"x": range(20), "z": [1.5, 2.0, 7.0, 1.0] * 5, "y": [float(i % 7) for i in range(20)]}
)
WRITE = {"parquet": "write_parquet", "csv": "write_csv", "ndjson": "write_ndjson"}
SCAN = {"parquet": scan_parquet, "csv": scan_csv, "ndjson": scan_ndjson}


def written(folder, kind, frame, names=("a", "b")):
    ends = [0, 13, len(frame)] if len(names) == 2 else [0, len(frame)]
    for name, start, end in zip(names, ends[:-1], ends[1:], strict=True):
        getattr(frame[start:end], WRITE[kind])(folder / f"{name}.{kind}")
    return folder


@pytest.mark.parametrize("kind", SCAN)
def test_files_are_read_in_order_in_batches_of_bounded_size(tmp_path, kind):
    source = SCAN[kind](written(tmp_path, kind, NUMBERS), batch_size=4)
    for _ in range(2):
        assert [len(batch) for batch in source] == [4, 4, 4, 1, 4, 3]
    assert pl.concat(source)["x"].to_list() == list(range(20))
    assert source.n_rows() == (20 if kind == "parquet" else None)
    assert repr(source).startswith("FileSource(2 files, ")


@pytest.mark.parametrize("kind", SCAN)
def test_a_regression_from_files_is_that_of_all_rows(tmp_path, kind):
    source = SCAN[kind](written(tmp_path, kind, NUMBERS), batch_size=3, columns=["y", "x"])
    expected = GDRegressor().fit(NUMBERS[["x"]], NUMBERS["y"])
    model = fit_batches(GDRegressor(), source, "y")
    assert abs(model.coef_ - expected.coef_).max() < 1e-12


@pytest.mark.parametrize("kind", ["parquet", "ndjson"])
def test_lists_from_files_are_categories(tmp_path, kind):
    source = SCAN[kind](written(tmp_path, kind, GAMES), batch_size=6)
    expected = game_recommender().fit(GAMES[["budget", "gameplay_types"]], GAMES["title"])
    model = fit_batches(game_recommender(), source, "title", progress=False)
    assert_array_equal(model[-1].feature_count_, expected[-1].feature_count_)


def test_a_file_a_pattern_a_folder_a_list_and_what_is_no_data(tmp_path):
    written(tmp_path, "parquet", NUMBERS)
    deep = tmp_path / "deep"
    deep.mkdir()
    written(deep, "parquet", NUMBERS, ["c"])
    for name in ("_metadata.parquet", ".hidden.parquet", "README.md"):
        (tmp_path / name).write_bytes(b"no data")
    sizes = {
        tmp_path / "a.parquet": 13,
        str(tmp_path / "?.parquet"): 20,
        str(tmp_path / "**" / "[abc].parquet"): 40,
        tmp_path: 40,
    }
    for path, n_rows in sizes.items():
        assert scan_parquet(path).n_rows() == n_rows, path
    assert scan_parquet([deep, tmp_path / "b.parquet"]).n_rows() == 27


@pytest.mark.parametrize("kind", SCAN)
def test_no_files(tmp_path, kind):
    with pytest.raises(
        FileNotFoundError, match=f"The 'path' parameter of scan_{kind} must be a file, a folder"
    ):
        SCAN[kind](tmp_path)
    with pytest.raises(FileNotFoundError, match="No files were found"):
        SCAN[kind](tmp_path / f"none.{kind}")


@pytest.mark.parametrize("path", ["", None, 3, []])
def test_what_is_no_path(path):
    with pytest.raises(FileNotFoundError, match="The 'path' parameter of scan_parquet must be a file"):
        scan_parquet(path)


def test_each_path_of_a_list_must_be_there(tmp_path):
    written(tmp_path, "parquet", NUMBERS)
    with pytest.raises(FileNotFoundError, match="No files were found for '.*none.parquet'"):
        scan_parquet([tmp_path / "a.parquet", str(tmp_path / "none.parquet")])


@pytest.mark.parametrize("kind", SCAN)
def test_a_folder_whose_name_looks_like_a_pattern(tmp_path, kind):
    folder = tmp_path / "sales [2025]"
    folder.mkdir()
    assert len(pl.concat(SCAN[kind](written(folder, kind, NUMBERS)))) == 20


def test_a_file_whose_name_looks_like_a_pattern_with_and_without_polars_own_option(tmp_path):
    path = tmp_path / "a[1].csv"
    NUMBERS.write_csv(path)
    for options in ({}, {"glob": False}):
        assert len(pl.concat(scan_csv(path, **options))) == len(NUMBERS)


@pytest.mark.parametrize("columns", ["xy", 3, []])
def test_columns_is_a_list_of_names(tmp_path, columns):
    with pytest.raises(
        TypeError, match="The 'columns' parameter of scan_parquet must be a list of column names"
    ):
        scan_parquet(written(tmp_path, "parquet", NUMBERS), columns=columns)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True])
@pytest.mark.parametrize("kind", SCAN)
def test_batch_size_is_a_whole_number(tmp_path, kind, batch_size):
    with pytest.raises(
        ValueError, match=rf"The 'batch_size' parameter of scan_{kind} must be an int .*Got {batch_size}"
    ):
        SCAN[kind](tmp_path, batch_size=batch_size)


@pytest.mark.parametrize("kind", SCAN)
def test_a_file_with_other_columns_is_named_before_rows_are_read(tmp_path, kind):
    written(tmp_path, kind, NUMBERS)
    written(tmp_path, kind, NUMBERS.rename({"z": "zz"}), ["c"])
    with pytest.raises(
        ValueError, match=f"In file '.*c.{kind}': Column 'z' is missing. It occurs in file '.*a.{kind}'"
    ):
        SCAN[kind](tmp_path)


def test_a_parquet_file_with_another_kind_of_values_is_named(tmp_path):
    written(tmp_path, "parquet", NUMBERS)
    written(tmp_path, "parquet", NUMBERS.with_columns(z=pl.col("z").cast(pl.String)), ["c"])
    says = (
        "In file '.*c.parquet': Column 'z' must contain values of type 'number', as in "
        "file '.*a.parquet'. Got values of type 'text'"
    )
    with pytest.raises(ValueError, match=says):
        scan_parquet(tmp_path)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_text_file_with_another_kind_of_values_is_named(tmp_path, kind):
    written(tmp_path, kind, NUMBERS)
    written(tmp_path, kind, NUMBERS.with_columns(z=pl.lit("much")), ["c"])
    with pytest.raises(ValueError, match=rf"(?s)In file '.*c.{kind}':.*(z|much)"):
        fit_batches(GDRegressor(), SCAN[kind](tmp_path), "y")


def test_types_are_those_of_the_first_file_or_of_the_options(tmp_path):
    NUMBERS.with_columns(z=pl.lit(1)).write_csv(tmp_path / "a.csv")
    NUMBERS.write_csv(tmp_path / "b.csv")
    with pytest.raises(ValueError, match=r"(?s)In file '.*b.csv'.*z"):
        fit_batches(GDRegressor(), scan_csv(tmp_path), "y")
    model = fit_batches(GDRegressor(), scan_csv(tmp_path, schema_overrides={"z": pl.Float64}), "y")
    assert model.coef_.shape == (2,)


def test_a_damaged_file_is_named(tmp_path):
    written(tmp_path, "parquet", NUMBERS)
    (tmp_path / "c.parquet").write_bytes(b"PAR1 this is none PAR1")
    with pytest.raises(ValueError, match="In file '.*c.parquet': "):
        scan_parquet(tmp_path)


def test_a_column_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match=r"(?s)In file '.*a.parquet': .*nothing"):
        scan_parquet(written(tmp_path, "parquet", NUMBERS), columns=["nothing"])
    with pytest.raises(
        ValueError,
        match="The 'y' parameter must contain only the names of columns: 'x', 'z', 'y'. Got 'w' instead",
    ):
        fit_batches(GDRegressor(), scan_parquet(tmp_path), "w")


def test_a_value_that_a_step_refuses_is_named_with_its_file(tmp_path):
    written(tmp_path, "parquet", NUMBERS)
    NUMBERS.with_columns(x=pl.lit(None, dtype=pl.Int64)).write_parquet(tmp_path / "c.parquet")
    with pytest.raises(ValueError, match="In file '.*c.parquet': .*NaN"):
        fit_batches(GDRegressor(), scan_parquet(tmp_path), "y")


def test_large_files_are_cut_for_a_cluster(tmp_path):
    source = scan_parquet(written(tmp_path, "parquet", NUMBERS, ["a"]), batch_size=1)
    parts = source.parts()
    assert [(part.start, part.length) for part in parts] == [(0, 8), (8, 8), (16, 8)]
    assert pl.concat(batch for part in parts for batch in part)["x"].to_list() == list(range(20))
    assert str(parts[1]).endswith("a.parquet' from row 8")
