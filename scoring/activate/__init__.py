"""Delivering audiences: to a file or an address, once, with what has changed since the last time.

Who is in an audience, and who is held out of it, dbt decides (models/activation). Here it is
delivered and noted who was, so that `activation_lift` can say later what it added.
"""

from scoring.activate.deliver import DeliveryRequest, activate

__all__ = ["DeliveryRequest", "activate"]
