"""The order of the gallery's pages on its index, by task."""

from pathlib import Path

GALLERY = [
    # columns and rows
    "lists_of_categories",
    "rows_that_count_more",
    # numbers
    "polynomial_degree",
    "lasso_path",
    "how_long_to_train",
    "counts_as_targets",
    "forecast_with_a_range",
    "forecast_at_the_lowest_cost",
    "weights_in_words",
    # classes
    "unbalanced_classes",
    "k_best_labels",
    # networks
    "early_stopping",
    "own_validation_rows",
    "progress_bars",
    "save_and_go_on",
    "halving_search",
    "torch_network_with_skorch",
    # recommenders
    "recommend_from_any_catalogue",
    "variety_and_histories",
    "constraint_or_taste",
    "reasons_of_a_recommendation",
    "only_what_is_on_the_shelf",
    "judge_a_recommender",
    "serve_from_a_web_page",
    # rows that come later, files and clusters
    "learn_from_a_stream",
    "merge_two_branches",
    "fit_from_files",
    "score_a_customer_base",
    "search_on_a_cluster",
    # saved models
    "compare_versions_of_a_model",
]


class ByTask:
    """Sort the gallery as listed above, and the other folders by name."""

    def __init__(self, src_dir: str) -> None:
        self.is_gallery = Path(src_dir).name == "gallery"

    def __repr__(self) -> str:
        return "<ByTask>"

    def __call__(self, filename: str) -> str:
        """Return what is sorted by; a page that is not in the list is an error."""
        name = Path(filename).stem
        return f"{GALLERY.index(name):02}" if self.is_gallery else name
