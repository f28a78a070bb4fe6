# %% [markdown]
"""
Watch training: progress bars and scores
========================================

``LossBar`` shows the progress of training and the loss of a network. scikit-learn's own callbacks also work: ``ProgressBar``, which supports searches and
Pipelines, and ``ScoringMonitor``, which records a score after every epoch.
"""

# %%
import io
import warnings

import matplotlib.pyplot as plt
from rich.console import Console
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from estimators import MLPClassifier
from pipelines import LossBar

warnings.simplefilter("ignore", ConvergenceWarning)  # short trainings are meant here
images, digits = load_digits(return_X_y=True)
X, y = images[:1500] / 16, digits[:1500]
X_test, y_test = images[1500:] / 16, digits[1500:]

# %% [markdown]
# On a terminal the bar moves, on the standard error stream. A page cannot show that, so here it is told to write into a string, and its last state is
# printed.

# %%
screen = Console(file=io.StringIO(), width=88)
net = MLPClassifier(64, max_iter=25, random_state=0).set_callbacks(LossBar(screen))
net.fit(X, y, X_val=X_test, y_val=y_test)
print(screen.file.getvalue().strip().splitlines()[-1])

# %% [markdown]
# ``ScoringMonitor`` scores the network on its training rows after every epoch, by any of scikit-learn's scores. Inside a search it follows every fit of it:
# here three strengths of the penalty on three folds each, with their learning curves.

# %%
monitor = ScoringMonitor(scoring="accuracy")
net = MLPClassifier(64, max_iter=25, random_state=0).set_callbacks(monitor)
search = GridSearchCV(net, {"alpha": [0.01, 10.0, 100.0]}, cv=3, refit=False).fit(X, y)
log = monitor.get_logs().data_as_pandas
epochs = log[log["task_name"] == "iteration"]
print(len(epochs), "epochs of", search.n_splits_ * 3, "fits")

# %%
plt.figure(figsize=(7, 4), layout="constrained")
fits = epochs.groupby("parent_task_id_path")["accuracy"]
for i, (_, scores) in enumerate(fits):
    color = ("tab:blue", "tab:orange", "tab:red")[i // 3]
    name = f"alpha {search.cv_results_['param_alpha'][i // 3]}"
    plt.plot(range(1, 26), scores, color=color, label=name if i % 3 == 0 else None)
plt.xlabel("epoch")
plt.ylabel("accuracy on the training rows")
plt.legend()
plt.show()

# %% [markdown]
# ``ProgressBar`` goes where the work is: on the search it counts the fits, on the network the epochs.

# %%
search = search.set_callbacks(ProgressBar(max_propagation_depth=0)).fit(X, y)
