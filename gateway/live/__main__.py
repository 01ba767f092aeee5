"""`python -m gateway.live`: the live process from `HAVEN_*` variables."""

# gevent has to replace the blocking calls before anything else has imported them.
from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402

from gateway.live.program import main  # noqa: E402

sys.exit(main(os.environ))
