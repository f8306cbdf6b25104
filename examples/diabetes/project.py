"""How far diabetes has gone after a year: a regressor that a float32 graph gets wrong."""

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

name = "diabetes"
target = "target"


def data():
    """Return the table with the target."""
    return load_diabetes(as_frame=True, scaled=False).frame


def pipeline():
    """Return the unfitted pipeline: scaled in float64, then split on float32, as trees do."""
    return make_pipeline(StandardScaler(), RandomForestRegressor(n_estimators=50, random_state=0))
