"""Every `nats kv` command of the command line tool, and the neighbouring commands that people point at buckets."""

import frame
import kv  # noqa: F401  each module registers its cases
import neighbours  # noqa: F401
import streams  # noqa: F401
import watches  # noqa: F401

frame.main()
