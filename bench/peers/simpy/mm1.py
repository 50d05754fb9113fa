"""An M/M/1 queue on SimPy, as its documentation has it: one process that makes customers, one process per customer, and the
server as a Resource. The load is 0.8; the statistics must agree with the closed forms.

    mm1.py customersWarmUp=N customers=N

    mean wait = load / (1 - load) * mean service time;  mean queue length = load^2 / (1 - load)

Prints the customers a second over the last `customers`.
"""

import json
import random
import sys
from time import perf_counter

import simpy

SEED = 1
LOAD = 0.8
ARRIVAL_GAP_MEAN_MS = 1.0
SERVICE_MEAN_MS = LOAD * ARRIVAL_GAP_MEAN_MS
WAIT_MEAN_MS = LOAD / (1 - LOAD) * SERVICE_MEAN_MS
QUEUE_MEAN = LOAD * LOAD / (1 - LOAD)
CUSTOMERS_TO_CHECK = 100_000
TOLERANCE = 0.15


class Statistics:
    """Of the customers whose service has begun, and of the queue's length over time."""

    def __init__(self):
        self.started = 0
        self.wait_sum_ms = 0.0
        self.queue_area_ms = 0.0
        self.queue_changed_ms = 0.0

    def queue_changes(self, now, length_before):
        self.queue_area_ms += length_before * (now - self.queue_changed_ms)
        self.queue_changed_ms = now


def arrivals(env, server, statistics, draw):
    while True:
        yield env.timeout(draw(1 / ARRIVAL_GAP_MEAN_MS))
        env.process(customer(env, server, statistics, draw))


def customer(env, server, statistics, draw):
    arrived = env.now
    waiting_before = len(server.queue)
    with server.request() as request:
        if not request.triggered:
            statistics.queue_changes(env.now, waiting_before)
        yield request
        wait_ms = env.now - arrived
        if wait_ms > 0:
            statistics.queue_changes(env.now, len(server.queue) + 1)
        statistics.started += 1
        statistics.wait_sum_ms += wait_ms
        yield env.timeout(draw(1 / SERVICE_MEAN_MS))


def check_mean(what, found, expected):
    if abs(found / expected - 1) > TOLERANCE:
        sys.exit(f'the mean {what} is {found}: expected {expected} within {TOLERANCE * 100} %')


def main(words):
    customers_warm_up, customers = (int(words[name]) for name in ('customersWarmUp', 'customers'))
    env = simpy.Environment()
    server = simpy.Resource(env, capacity=1)
    statistics = Statistics()
    draw = random.Random(SEED).expovariate
    env.process(arrivals(env, server, statistics, draw))
    env.run(until=customers_warm_up * ARRIVAL_GAP_MEAN_MS)
    started_before = statistics.started
    started = perf_counter()
    env.run(until=(customers_warm_up + customers) * ARRIVAL_GAP_MEAN_MS)
    seconds = perf_counter() - started
    if statistics.started >= CUSTOMERS_TO_CHECK:
        check_mean('wait in ms', statistics.wait_sum_ms / statistics.started, WAIT_MEAN_MS)
        check_mean('queue length', statistics.queue_area_ms / statistics.queue_changed_ms, QUEUE_MEAN)
    print(
        json.dumps(
            {
                'values': {'customersPerSecond': (statistics.started - started_before) / seconds},
                'checksum': f'{statistics.started} customers, {statistics.wait_sum_ms!r} ms',
                'common': None,
            }
        )
    )


if __name__ == '__main__':
    main(dict(word.split('=', 1) for word in sys.argv[1:]))
