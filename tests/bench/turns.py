# SPDX-License-Identifier: BSD-3-Clause
"""Two programs timed in one process, in turns."""
import statistics
import time

REST, WARM_UP, TURN = 0.05, 0.02, 0.05  # seconds


def run_for(run, seconds, times):
    """Run again and again, at least once, and note how long each run took."""
    end = time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        run()
        now = time.perf_counter()
        times.append(now - begin)
        if now > end:
            return


def medians(ours, theirs, rounds, seconds):
    """Medians of both, in seconds; as many rounds as fit into `seconds`, at least `rounds`. In a round
    each program runs for a while after a rest, for the other one's threads go on looking for work and
    would take a processor from it; its first runs do not count, as they wake the threads and find the
    other program's data in the caches."""
    times = {ours: [], theirs: []}
    start = time.perf_counter()
    i = 0
    while i < rounds or time.perf_counter() - start < seconds:
        for run in (ours, theirs) if i % 2 else (theirs, ours):
            time.sleep(REST)
            run_for(run, WARM_UP, [])
            run_for(run, TURN, times[run])
        i += 1
    return statistics.median(times[ours]), statistics.median(times[theirs])
