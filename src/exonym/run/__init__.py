"""Comparisons: the recipe, the store of stage results, the run. Start at `compare`, or at `recommend`."""

from exonym.run.comparison import compare, plan
from exonym.run.data import RunData, Target, read_data
from exonym.run.recipe import Recipe, read_recipe
from exonym.run.recommendation import RECIPE, recommend
from exonym.run.store import Store

__all__ = ["RECIPE", "Recipe", "RunData", "Store", "Target", "compare", "plan", "read_data", "read_recipe", "recommend"]
