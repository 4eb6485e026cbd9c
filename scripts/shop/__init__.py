"""What goes with the shop: a demo, a smoke test, measurements."""

import sys
from pathlib import Path

if (shared := str(Path(__file__).parents[2] / "shared")) not in sys.path:
    sys.path.append(shared)  # these programs use what runs in functions, too
