# %% [markdown]
"""
A convolutional network of torch's in a Pipeline
================================================

The networks of this library are fully connected: every unit sees every pixel, and what was learned in one corner of a picture is not known in another.
*Convolutional* networks slide small windows over the picture instead. For these take PyTorch. skorch makes a torch network a scikit-learn classifier, so it stands in the
same Pipeline, is cross-validated by the same function, and answers ``recommend``.

Needs the extra ``torch`` (``pip install -e ".[torch]"``). Where torch is not installed the guide is built without running this page; the text says what it
printed.
"""

# %%
import warnings

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ShuffleSplit, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from skorch import NeuralNetClassifier

from estimators import GDClassifier, MLPClassifier
from pipelines import recommend

warnings.simplefilter("ignore", ConvergenceWarning)  # twelve epochs are meant
torch.set_num_threads(1)  # small networks are fastest so
X, y = load_digits(return_X_y=True)

# %% [markdown]
# The bundled digits have 8 x 8 pixels. Two layers of windows of 3 x 3, 16 and 32 of them; after each, the largest of four neighbours is kept; what is left, 32
# pictures of 2 x 2, goes to one dense layer.


# %%
def convolutional_network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1),  # (n, 16, 8, 8)
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),  # (n, 16, 4, 4)
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),  # (n, 32, 2, 2)
        torch.nn.Flatten(),
        torch.nn.Linear(128, 10),
    )


def as_images(X):
    return X.reshape(-1, 1, 8, 8).astype(np.float32)


convolutional = NeuralNetClassifier(
    convolutional_network,
    criterion=torch.nn.CrossEntropyLoss,
    optimizer=torch.optim.Adam,
    lr=0.005,
    batch_size=64,
    max_epochs=12,
    train_split=None,
    iterator_train__shuffle=True,
    verbose=0,
)
alike = {"batch_size": 64, "learning_rate_init": 0.005, "max_iter": 12}
ours = MLPClassifier(81, dtype="float32", random_state=0, **alike)
images = FunctionTransformer(as_images)
models = {
    "convolutional": make_pipeline(MinMaxScaler(), images, convolutional),
    "MLPClassifier": make_pipeline(MinMaxScaler(), ours),
}

# %% [markdown]
# The same Pipeline but for its last step, and a step that makes pictures of the rows. Three folds, once shuffled, and once in the order in which the digits
# were collected, so that whole writers are held out.

# %%
shuffled = StratifiedKFold(3, shuffle=True, random_state=0)
for name, model in models.items():
    for order, folds in {"shuffled": shuffled, "new writers": 3}.items():
        torch.manual_seed(0)
        scores = cross_val_score(model, X, y, cv=folds)
        print(f"{name}, {order}: {scores.mean():.3f} +- {scores.std():.3f}")

parameters = sum(part.numel() for part in convolutional_network().parameters())
fitted = {name: model.fit(X[:1500], y[:1500]) for name, model in models.items()}
print(f"parameters: {parameters:,} and {fitted['MLPClassifier'][-1].n_parameters_:,}")

# %% [markdown]
# With 6,090 and 6,085 parameters it printed 0.975 and 0.961 for shuffled folds, and 0.947 and 0.935 for writers who were held out, the convolutional network's
# first; the folds scatter by about 0.005. So windows are worth one to two points on these tiny pictures, and on larger ones usually far more. In time they cost
# several times as much: most of the seconds of this page are theirs.
#
# Both answer through the same call. And both are asked for the same pictures once more, moved by one pixel to the right:

# %%
moved = np.roll(X[1500:].reshape(-1, 8, 8), 1, axis=2).reshape(-1, 64)
for name, model in fitted.items():
    labels, _ = recommend(model, X[1500:1501], k=3)
    print(f"{name}: {labels[0]} for a {y[1500]}")
    unseen, off = model.score(X[1500:], y[1500:]), model.score(moved, y[1500:])
    print(f"    unseen images {unseen:.3f}, moved by a pixel {off:.3f}")

# %% [markdown]
# It printed 0.929 and 0.902 on unseen images, and 0.455 and 0.478 on the moved ones: windows alone do not make a network indifferent to a move, since the dense
# layer behind them still knows each place. One pixel of eight is much; pictures that were moved belong into the training.

# %%
import matplotlib.pyplot as plt

windows = fitted["convolutional"][-1].module_[0].weight.detach().numpy()
fig, axes = plt.subplots(2, 8, figsize=(7, 2.2), layout="constrained")
for window, ax in zip(windows, axes.flat, strict=True):
    ax.imshow(window[0], cmap="viridis")
    ax.axis("off")
fig.suptitle("The 16 windows of the first layer")
plt.show()

# %% [markdown]
# Pretrained networks
# -------------------
#
# Large photographs are seldom learned from the start. One takes a network that others have trained on millions of them, cuts off its last layer, leaves its
# weights as they are (*frozen*), and learns from what it says: a few hundred features a picture, and a few hundred pictures are enough. That is a transformer
# in front of a classifier, and in a Pipeline it is a step like any other; ``GDClassifier`` and ``MLPClassifier`` are good last steps. Weights of that kind are
# files of a hundred megabytes from elsewhere (``torchvision.models.resnet18(weights="DEFAULT")``), so this page plays it with its own small network: what
# it learned of the digits 0 to 4 is frozen, and serves to tell 5 to 9 apart from few examples.


# %%
def frozen_features(network):
    def features(images):
        with torch.no_grad():  # all but the last layer
            return network[:-1](torch.from_numpy(images)).numpy()

    return FunctionTransformer(features)


small = y < 5
torch.manual_seed(0)
pretrained = models["convolutional"].fit(X[small], y[small])[-1].module_
last = GDClassifier(alpha=0.01)
on_features = make_pipeline(MinMaxScaler(), images, frozen_features(pretrained), last)
on_pixels = make_pipeline(MinMaxScaler(), last)
few = ShuffleSplit(10, train_size=50, random_state=0)
for name, model in {"frozen features": on_features, "pixels": on_pixels}.items():
    scores = cross_val_score(model, X[~small], y[~small], cv=few)
    print(f"{name}, 50 examples: {scores.mean():.3f}")

# %% [markdown]
# It printed 0.897 and 0.916: five digits have not taught this little network enough to be of help with the other five. What a large one has learned from a
# million photographs is another matter, but so it should be judged there too: beside the plain features, cross-validated.
