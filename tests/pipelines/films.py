"""Six films, what some people asked for, and which film they chose."""

FILMS = {
    "title": ["Airplane!", "Alien", "Clue", "Heat", "Psycho", "Top Secret!"],
    "year": [1980, 1979, 1985, 1995, 1960, 1984],
    "studio": ["Paramount", "Fox", "Paramount", None, "Universal", "Paramount"],
    "genres": [["Comedy"], ["Horror", "Science"], ["Comedy", "Crime"], ["Crime"], ["Horror"], ["Comedy"]],
}
CHOSEN = ["Clue", "Clue", "Heat", "Alien", "Airplane!", "Clue", "Heat", "Alien"]
ASKED = {
    "year": [1983, None, 1990, 1975, 1981, 1985, None, 1980],
    "studio": ["Paramount", None, "Fox", "Fox", "Paramount", None, "MGM", "Fox"],
    "genres": [["Comedy"], ["Crime"], ["Crime"], ["Horror"], ["Comedy"], ["Comedy", "Crime"], None, []],
    "person": [1, 1, 2, 2, 3, 3, 4, 4],
}
EDGES = {"year": [1970, 1980, 1990]}
COLUMNS = {"categories": "studio", "lists": ["genres"], "numbers": EDGES}
