"""Reads everything there is of one instance, side by side."""

from quarantag.execution import fault_of, side_by_side
from quarantag.instance import Observation
from quarantag.ports import Instances


def observe(instances: Instances, instance_id: str) -> Observation | None:
    """Read all there is of one instance, side by side; None where EC2 does not know it."""
    with side_by_side() as pool:
        instance = pool.submit(instances.instance, instance_id)
        interfaces = pool.submit(instances.interfaces, instance_id)
        groups = pool.submit(instances.isolation_groups)
        associations = pool.submit(instances.profile_associations, instance_id)
    found, fault = instance.result(), fault_of(associations)
    if found is None:
        return None
    known = () if fault else associations.result()
    return Observation(found, interfaces.result(), known, groups.result(), unread=str(fault or ""))
