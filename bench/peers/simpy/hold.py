"""The hold model on SimPy, as its documentation has it: one process per pending event, which waits for a timeout over and over.

    hold.py gaps=FILE pending=N eventsCommon=N eventsWarmUp=N events=N

FILE holds the gaps between an event and the one that follows it: whole nanoseconds, float64, little-endian. Prints the
events a second over the last `events`, and the simulated time after the first `eventsCommon`, by which one sees that
both sides did the same work.
"""

import gc
import json
import sys
from array import array
from itertools import cycle, repeat
from time import perf_counter

import simpy


def hold(env, gaps):
    timeout = env.timeout
    while True:
        yield timeout(next(gaps))


def handle(env, events):
    # The loop of env.run, which ends at a time and not at a count.
    step = env.step
    for _ in repeat(None, events):
        step()


def main(words):
    pending, events_common, events_warm_up, events = (
        int(words[name]) for name in ('pending', 'eventsCommon', 'eventsWarmUp', 'events')
    )
    with open(words['gaps'], 'rb') as file:
        gaps = array('d', file.read())
    if sys.byteorder == 'big':
        gaps.byteswap()
    gaps = cycle(gaps.tolist())
    env = simpy.Environment()
    for _ in range(pending):
        env.process(hold(env, gaps))
    # Each process begins with an event of its own.
    handle(env, pending)
    handle(env, events_common)
    common_ns = env.now
    handle(env, events_warm_up)
    started = perf_counter()
    handle(env, events)
    seconds = perf_counter() - started
    print(
        json.dumps(
            {
                'values': {'eventsPerSecond': events / seconds},
                'checksum': f'{env.now:.0f}',
                'common': f'{common_ns:.0f}',
            }
        )
    )


if __name__ == '__main__':
    main(dict(word.split('=', 1) for word in sys.argv[1:]))
