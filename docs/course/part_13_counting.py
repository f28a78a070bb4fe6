# %% [markdown]
"""
13. Counting instead of descending
==================================

A tavern lends games. A guest says what it may cost and what it should be like: *cheap, and a puzzle*. Which game is it to be? Here **every game is a
class** of its own: five games are five classes, and a real catalogue has hundreds. A softmax classifier (part 5) would need many examples of each class
and many steps of descent. We have one example of each game: its own line in the catalogue.

There is an older way that takes no step at all. It counts once, takes logarithms, and is done. In this part you build it by hand.
"""

# %% [markdown]
# From words to zeros and ones
# ----------------------------
#
# Five games, each with one budget and a list of types.

# %%
titles = ["Celeste", "Doom", "Gran Turismo", "Portal", "Tetris"]
budgets = ["standard", "cheap", "premium", "standard", "cheap"]
types = [
    ["Adventure", "Platform"],
    ["Shooter"],
    ["Racing"],
    ["Platform", "Puzzle"],
    ["Puzzle"],
]

# %% [markdown]
# To count, we need numbers. Each budget becomes a column that holds 1 where a game has it and 0 elsewhere. Exactly one of these columns is 1 in each row,
# so this is called *one-hot*. The types get columns in the same way, but there a row may hold several ones: *multi-hot*.

# %%
import numpy as np

budget_names = sorted(set(budgets))
type_names = sorted({name for of_game in types for name in of_game})
features = budget_names + type_names


def encode(budget, wanted):
    return [float(name == budget or name in wanted) for name in features]


X = np.array([encode(budget, has) for budget, has in zip(budgets, types, strict=True)])
print(features)
print(X.astype(int))

# %% [markdown]
# The library has an encoder for each, which also knows what to do with words that it has never seen. They make the same table. A picture of it is easier
# to read:

# %%
import matplotlib.pyplot as plt

from estimators import MultiHotEncoder, OneHotEncoder

one_hot = OneHotEncoder(sparse_output=False).fit_transform(np.c_[budgets])
multi_hot = MultiHotEncoder(sparse_output=False).fit_transform(types)
assert (np.hstack([one_hot, multi_hot]) == X).all()


def draw_table(table, rows, columns, title, digits=None):
    plt.figure(figsize=(7, 4))
    plt.imshow(table, cmap="viridis", aspect="auto")
    plt.xticks(range(len(columns)), columns, rotation=40, ha="right")
    plt.yticks(range(len(rows)), rows)
    middle = (table.min() + table.max()) / 2
    for (row, column), value in np.ndenumerate(table if digits is not None else []):
        color = "white" if value < middle else "black"
        text = f"{value:.{digits}f}"
        plt.text(column, row, text, ha="center", va="center", color=color)
    plt.title(title)
    plt.tight_layout()


draw_table(X, titles, features, "What each game has", digits=0)
plt.show()

# %% [markdown]
# Count what the others have
# --------------------------
#
# Plain *naive Bayes* looks at the rows of a class and asks what share of their ones stands in each column. Of Tetris there is one row with two ones. That
# is little to judge by: six of its eight shares are zero, and say no more than that one row did not happen to have these.
#
# *Complement naive Bayes* turns the question round: **how common is a feature among all the other games?** If puzzles are rare outside Tetris, then to be
# asked for a puzzle speaks for Tetris. The others are many rows, so these counts rest on more.

# %%
counts = X  # one row a game; with several rows of a game, their sum
everywhere = counts.sum(axis=0)
others = everywhere - counts

print("ones of each game:       ", counts.sum(axis=1).astype(int))
print("ones of all other games: ", others.sum(axis=1).astype(int))

draw_table(others, titles, features, "How many of the OTHER games have it", digits=0)
plt.show()

# %% [markdown]
# Two of the five games are puzzles, Portal and Tetris. So outside Tetris there is 1, outside Doom there are 2. The smaller the number in a game's row, the
# more a wish for that feature speaks for the game.

# %% [markdown]
# Smoothing, shares, logarithms
# -----------------------------
#
# No game but Gran Turismo is a racing game, so there stands a zero in its row. Taken at its word it would mean that a race is *impossible* outside Gran
# Turismo, and that is more than five games can tell. So a little is added to every count; ``alpha = 1`` means that each feature is counted once more among
# the others than it was seen. This is *smoothing*.
#
# Then each row is divided by its sum, which makes shares of it. Last, ``weight = -log(share)``: the minus turns *rare among the others* into a large
# number. And why logarithms? The chance of several independent things is the product of their chances, and logarithms turn products into sums. That they
# are independent is hardly ever true, and the method is called *naive* for supposing it; it often works all the same.

# %%
alpha = 1.0
smoothed = others + alpha
shares = smoothed / smoothed.sum(axis=1, keepdims=True)
weights = -np.log(shares)

draw_table(weights, titles, features, "The weights", digits=2)
plt.show()

# %% [markdown]
# That is the whole training: no loss, no rate, no epochs. Tetris's weight for *Puzzle*, for one: 1 among the others and 1 for smoothing makes 2, of 10 + 8
# = 18 in all; ``-log(2 / 18)`` is 2.20.

# %% [markdown]
# Ask
# ---
#
# A question is encoded as a game is. The *score* of a game is the sum of its weights for what was asked: multiply the question by the weights and add up.
# The highest score wins.

# %%
questions = {
    "cheap, Puzzle": encode("cheap", ["Puzzle"]),
    "standard, Platform": encode("standard", ["Platform"]),
    "premium": encode("premium", []),
    "Shooter": encode(None, ["Shooter"]),
}
asked = np.array(list(questions.values()))
scores = asked @ weights.T  # (questions, features) @ (features, games)

draw_table(scores, list(questions), titles, "The score of each game", digits=2)
plt.show()

# %% [markdown]
# Tetris has both *cheap* and *Puzzle*, and wins the first row. Read along the row, not down a column: a question with two wishes adds up two weights and
# so has larger scores than one with a single wish. Scores are there to be compared within one question.

# %% [markdown]
# The library's estimator
# -----------------------
#
# ``ComplementNB`` does the same. It has the name, the parameters and the answers of scikit-learn's; what it does otherwise is to keep only the counts that
# are not zero, so that half a million classes fit into memory. To five decimals and far beyond, its weights and scores are ours.

# %%
from estimators import ComplementNB

model = ComplementNB(alpha=1.0).fit(X, titles)
assert np.allclose(model.feature_log_prob_, weights)
assert np.allclose(model.predict_joint_log_proba(asked), scores)

best, best_scores = model.top_k(asked, k=2)
for question, names, values in zip(questions, best, best_scores, strict=True):
    print(f"{question:20}", names.tolist(), values.round(2))

# %% [markdown]
# Look at the second row. Celeste and Portal are both standard platform games, and they have the same score. Then the first by name comes first, and always
# does: the same question gets the same answer tomorrow. Who asks nothing at all gives every game the score 0, a five-fold tie, and so the alphabet.

# %%
print(model.top_k(np.zeros((1, len(features))), k=5))

# %% [markdown]
# What alpha does
# ---------------
#
# A guest wants something *cheap*, a *Puzzle* and a *Racing* game at once, and there is none. Tetris has two of the three. Gran Turismo has one, but that
# one is rare. Which should win? It depends on ``alpha``.

# %%
three_wishes = np.array([encode("cheap", ["Puzzle", "Racing"])])
alphas = np.geomspace(0.01, 100, 60)
models = [ComplementNB(alpha=a).fit(X, titles) for a in alphas]
curves = np.vstack([m.predict_joint_log_proba(three_wishes) for m in models])

plt.figure(figsize=(7, 4))
for game, style in enumerate(["-", ":", "--", "-.", "-"]):
    color = {2: "tab:orange", 4: "tab:blue"}.get(game, "tab:gray")
    plt.semilogx(alphas, curves[:, game], style, color=color, label=titles[game])
plt.axvline(1, color="black", linewidth=1)
plt.xlabel("alpha (the line: 1, the default)")
plt.ylabel("score")
plt.title("cheap, Puzzle and Racing")
plt.legend()
plt.show()

# %% [markdown]
# On the left, with little smoothing, what nobody else has outweighs everything: Gran Turismo wins on the one rare wish. From about 0.6 on Tetris wins,
# with two of three. On the right the counts drown in what is added: every share tends to one in eight, and all games become alike. One is a fair
# beginning; part 15 shows how to choose by measuring.

# %% [markdown]
# A rare wish counts for more
# ---------------------------
#
# What does a game gain by *having* what was asked? Among the others the count is then smaller by one. If 200 games have the feature, 199 instead of 200 is
# nearly nothing; if two have it, 1 instead of 2 is much. So complement naive Bayes listens to rare wishes. Plain naive Bayes (scikit-learn's
# ``MultinomialNB``), with one row a game, does not: a game has the feature or not, and how many others do is not looked at.
#
# The tavern's real catalogue shows it: 618 games, of which part 14 tells more.

# %%
from sklearn.naive_bayes import MultinomialNB

from examples.games.data import load_games

games = load_games().filter(top_rated=True)
encoders = OneHotEncoder(sparse_output=False), MultiHotEncoder(sparse_output=False)
real = np.hstack(
    [
        encoders[0].fit_transform(games[["budget"]]),
        encoders[1].fit_transform(games[["gameplay_types"]]),
    ]
)


def gain_of_having(classifier):
    table = classifier.fit(real, games["title"]).feature_log_prob_
    pairs = zip(table.T, real.T, strict=True)
    return [column[has > 0].mean() - column[has == 0].mean() for column, has in pairs]


plt.figure(figsize=(7, 4))
how_many = real.sum(axis=0)
plain, complement = gain_of_having(MultinomialNB()), gain_of_having(ComplementNB())
plt.loglog(how_many, plain, "s", color="tab:orange", label="plain")
plt.loglog(how_many, complement, "o", color="tab:blue", label="complement")
plt.xticks([30, 50, 100, 200], ["30", "50", "100", "200"])
plt.minorticks_off()
plt.xlabel("games that have the feature")
plt.ylabel("what having it adds to the score")
plt.legend()
plt.show()

# %% [markdown]
# Having a type that 28 games have (*Metroidvania*, on the left) adds about seven times as much as having a budget that 220 games have (*cheap*, on the
# right). Is that right? For types it often is. For the budget it is not: a guest with little money is not helped by a game that is wonderfully rare and
# too dear. So part 14 gives the budget a weight of its own, and part 15 measures whether that helps.

# %% [markdown]
# Exercise
# --------
#
# A sixth game arrives: *Puyo Puyo*, cheap and a Puzzle, exactly as Tetris is. Before you compute: will Tetris's score for *cheap, Puzzle* rise, fall or
# stay? Who comes first? Then work it out by hand, check it with ``ComplementNB``, and draw Tetris's weights before and after.

# %% [markdown]
# Answer
# ------
#
# It falls. *Cheap* and *Puzzle* were rare among the games that are not Tetris, one each; now there are two each, and the wish for them speaks less for
# Tetris. The weight is ``-log(3 / 20)``: 2 + 1 among the others, of 12 + 8 in all. Puyo Puyo has the same score, and comes first by its name.

# %%
six = ComplementNB().fit(np.vstack([X, X[-1]]), [*titles, "Puyo Puyo"])
labels, values = six.top_k([questions["cheap, Puzzle"]], k=3)
print(labels[0], values[0].round(2), "by hand:", round(-2 * np.log(3 / 20), 2))

places = np.arange(len(features))
plt.figure(figsize=(7, 4))
plt.bar(places - 0.2, weights[-1], 0.4, color="tab:blue", label="five games")
after = six.class_weights(["Tetris"])[0]
plt.bar(places + 0.2, after, 0.4, color="tab:orange", label="with Puyo Puyo")
plt.xticks(places, features, rotation=40, ha="right")
plt.ylabel("Tetris's weight")
plt.ylim(0, 2.9)
plt.legend(loc="upper center", ncols=2)
plt.tight_layout()
plt.show()

# %% [markdown]
# Everything else rises a little: the new game brings two more ones, and neither is a *premium* or a *Racing*, so these are now a smaller share of what the
# others have.
