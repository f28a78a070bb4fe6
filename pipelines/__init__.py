"""Ready-made pipelines of the estimators, and functions to save, serve and scale models.

`recommender.py`: recommenders for any catalogue. `recommend.py`: the k best labels of any classifier.
`scoring.py`: scorers, and a split by time. `histories.py`: training rows from histories. `similarity.py`:
similar items, and more varied recommendations. `serving.py`: a compiled recommender that answers one query
in microseconds. `forecast.py`: forecasters. `forecast_readers.py` and `forecast_ranges.py`: the
first and last steps of forecasters. `forecast_display.py`: plots of forecasts. `persistence.py`:
saved models and their cards. `scale.py`: fitting batch by batch or on a cluster. The private
folders contain the code behind these modules. Code that several of them use is in `_common/`.
"""

from pipelines._common.loss_bar import LossBar
from pipelines.forecast import (
    ExtrapolationWarning,
    TooFewRowsWarning,
    dough_forecaster,
    explain_forecast,
    forecast,
    forecaster,
    newsvendor_level,
    weights_in_words,
)
from pipelines.forecast_display import ForecastDisplay
from pipelines.histories import leave_one_out
from pipelines.persistence import (
    Checkpoint,
    ModelFileError,
    ModelVersionWarning,
    load_model,
    read_card,
    save_model,
    version_differences,
)
from pipelines.recommend import (
    UnknownQuestionWarning,
    explain,
    recommend,
    update,
)
from pipelines.recommender import RecommenderPipeline, game_recommender, recommender
from pipelines.scale import fit_batches, fit_dask, recommend_dask, scan_csv, scan_ndjson, scan_parquet
from pipelines.scoring import TimeWithinGroupSplit, TopKScorer, hit_rate_scorer, ndcg_scorer
from pipelines.serving import CompiledRecommender, compile_recommender
from pipelines.similarity import diversify, similar_items

__all__ = [
    "Checkpoint",
    "CompiledRecommender",
    "ExtrapolationWarning",
    "ForecastDisplay",
    "LossBar",
    "ModelFileError",
    "ModelVersionWarning",
    "RecommenderPipeline",
    "TimeWithinGroupSplit",
    "TooFewRowsWarning",
    "TopKScorer",
    "UnknownQuestionWarning",
    "compile_recommender",
    "diversify",
    "dough_forecaster",
    "explain",
    "explain_forecast",
    "fit_batches",
    "fit_dask",
    "forecast",
    "forecaster",
    "game_recommender",
    "hit_rate_scorer",
    "leave_one_out",
    "load_model",
    "ndcg_scorer",
    "newsvendor_level",
    "read_card",
    "recommend",
    "recommend_dask",
    "recommender",
    "save_model",
    "scan_csv",
    "scan_ndjson",
    "scan_parquet",
    "similar_items",
    "update",
    "version_differences",
    "weights_in_words",
]
