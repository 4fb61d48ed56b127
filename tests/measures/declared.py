"""What the measures declare: the IAM actions of what they read, of the steps that take, and of those that give back."""

from importlib import import_module
from types import ModuleType
from typing import Any

from quarantag.measures import Measure
from tests.template import ROOT

NAMES = sorted(path.stem for path in (ROOT / "handlers/quarantag/measures").glob("[!_]*.py"))
ADAPTERS: list[ModuleType] = [import_module(f"quarantag.aws.{name}") for name in NAMES]
"""A measure's adapter is the module of `aws/` by the same name."""
for _name in NAMES:
    import_module(f"quarantag.measures.{_name}")
MEASURES: list[type[Measure[Any]]] = Measure.__subclasses__()
READ = {action for one in MEASURES for action in one.reads}
TAKEN = {action for one in MEASURES for step in one.taking for action in step.actions}
GIVEN = {action for one in MEASURES for step in one.giving for action in step.actions}
