"""Ready-made pipelines of the estimators, and functions to save, serve and scale models.

`recommend.py`: the game recommender, and the k best labels of any classifier. `scoring.py`: scorers of
recommendations, and a split by time. `forecast.py`: the dough forecaster. `serving.py`: a compiled
recommender that answers one query in microseconds. `persistence.py`: saved models and their cards.
`scale.py`: fitting batch by batch or on a cluster. The private folders contain the code behind these modules;
code that several modules use is in `_common/`.
"""

from pipelines._common.loss_bar import LossBar
from pipelines.forecast import ExtrapolationWarning, dough_forecaster, forecast, weights_in_words
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
    explain,
    game_recommender,
    recommend,
    update,
)
from pipelines.scale import fit_batches, fit_dask, recommend_dask, scan_csv, scan_ndjson, scan_parquet
from pipelines.scoring import TimeWithinGroupSplit, TopKScorer, hit_rate_scorer, ndcg_scorer
from pipelines.serving import CompiledRecommender, compile_recommender

__all__ = [
    "Checkpoint",
    "CompiledRecommender",
    "ExtrapolationWarning",
    "LossBar",
    "ModelFileError",
    "ModelVersionWarning",
    "TimeWithinGroupSplit",
    "TopKScorer",
    "compile_recommender",
    "dough_forecaster",
    "explain",
    "fit_batches",
    "fit_dask",
    "forecast",
    "game_recommender",
    "hit_rate_scorer",
    "load_model",
    "ndcg_scorer",
    "read_card",
    "recommend",
    "recommend_dask",
    "save_model",
    "scan_csv",
    "scan_ndjson",
    "scan_parquet",
    "update",
    "version_differences",
    "weights_in_words",
]
