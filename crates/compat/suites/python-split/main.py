"""Everything that the Python client made of parts offers for buckets: nats-core, nats-jetstream, nats-key-value.

It checks answers strictly here: a field that it does not know is an error.
"""

import buckets  # noqa: F401  each module registers its cases
import expiry  # noqa: F401
import frame
import reconnect  # noqa: F401
import values  # noqa: F401
import watches  # noqa: F401

frame.main()
