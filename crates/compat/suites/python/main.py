"""Everything that nats-py offers for key/value buckets, against the server given as argument."""

import buckets  # noqa: F401  each module registers its cases
import expiry  # noqa: F401
import frame
import lists  # noqa: F401
import reconnect  # noqa: F401
import streams  # noqa: F401
import values  # noqa: F401
import watches  # noqa: F401

frame.main()
