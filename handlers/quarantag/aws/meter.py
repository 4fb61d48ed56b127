"""The `Meter` over the log: each measurement is one line in CloudWatch's embedded metric format."""

from collections.abc import Iterable

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from quarantag.metrics import NAMESPACE, Measured


class EmfMeter:
    """Writes lines that CloudWatch Logs turns into metrics, without a call: a tenth of a millisecond each.

    Source: Powertools for AWS Lambda, "Metrics", single metric.
    """

    def __init__(self, stack: str) -> None:
        self._stack = stack

    def measure(self, measurements: Iterable[Measured]) -> None:
        """Write them."""
        for one in measurements:
            metric, dimensions = one.metric, {"Stack": self._stack}
            if metric.dimension:
                dimensions[metric.dimension] = one.about
            unit = MetricUnit(metric.unit)
            with single_metric(metric.name, unit, one.value, namespace=NAMESPACE, default_dimensions=dimensions):
                pass
