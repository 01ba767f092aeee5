"""Many light boxes in one process.

`python -m tests.bench.light_boxes GATEWAY_URL DOORBELL_URL GATEWAY_KEYS < SITES`, where a line of
SITES is a box's number and its site. It prints `connected` once all doorbells have rung, and then,
for each round of one event for every box, the moments (monotonic, in seconds) at which each box had
it, as JSON.
"""

# gevent has to replace the blocking calls before anything else has imported them.
from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter, defaultdict  # noqa: E402

import gevent  # noqa: E402

from sync.sealing import PublicKeys  # noqa: E402
from tests.bench.light_box import LightBox  # noqa: E402


def _site(line: str) -> tuple[int, int]:
    number, site_id = line.split()
    return int(number), int(site_id)


def main(url: str, doorbell_url: str, gateway_keys: str) -> None:
    """Runs until the process is ended."""
    exchange_key, signing_key = gateway_keys[:64], gateway_keys[64:]
    gateway = PublicKeys(bytes.fromhex(exchange_key), bytes.fromhex(signing_key))
    boxes = [LightBox(*_site(line), gateway, url) for line in sys.stdin]
    bells = {box: box.connects(doorbell_url) for box in boxes}
    for box in boxes:
        box.exchanges()
        box.exchanges()
    print("connected", flush=True)
    arrived: dict[int, list[float]] = defaultdict(list)
    confirmed: Counter[int] = Counter()

    def listen(box: LightBox) -> None:
        rounds = 0
        while True:
            before = box.count
            count = box.rung(bells[box])
            if count == before:
                continue
            if box.count != count:
                box.exchanges()  # the ring has not brought it
            rounds += 1
            arrived[rounds].append(time.perf_counter())
            box.exchanges()  # as the real one does at once: that it rings
            confirmed[rounds] += 1
            if confirmed[rounds] == len(boxes):
                print(json.dumps(arrived.pop(rounds)), flush=True)

    gevent.joinall([gevent.spawn(listen, box) for box in boxes], raise_error=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
