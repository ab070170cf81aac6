"""Delivering audiences to a file or a URL, once, with the changes since the last delivery.

dbt decides who is in an audience and who is held out (models/activation). This package delivers the
audience and records its members, so that `activation_lift` can measure later what it added.
"""

from scoring.activate.deliver import DeliveryRequest, activate

__all__ = ["DeliveryRequest", "activate"]
