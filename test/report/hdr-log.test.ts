import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Histogram, HistogramLogReader, listTags } from 'hdr-histogram-js';
import { hdrLog, hdrPercentiles } from '../../src/report/hdr-log.ts';
import { LATENCIES } from '../../src/report/load-recording.ts';
import { histogramOf, recording } from './load-recording.ts';

/** Every value that was recorded, with how often. */
function countsOf(histogram: Histogram): string {
  return histogram.outputPercentileDistribution(1000);
}

describe('an interval log', () => {
  const log = hdrLog(recording);

  test('begins with its version, its time and its legend, whatever the zone of the machine', () => {
    assert.deepEqual(log.split('\n').slice(1, 5), [
      '#[Histogram log format version 1.3]',
      '#[StartTime: 1767323045.678 (seconds since epoch), 2026-01-02T03:04:05.678Z]',
      '#[BaseTime: 1767323045.678 (seconds since epoch)]',
      '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]);
  });

  test('has a line for each window and latency, tagged, with its beginning, length and maximum', () => {
    const lines = log.trimEnd().split('\n').slice(5);
    assert.deepEqual(
      lines.map((line) => line.split(',').slice(0, 4).join(',')),
      [
        'Tag=publishLatency,0.000,10.000,1.000',
        'Tag=publishDelayLatency,0.000,10.000,0.100',
        'Tag=endToEndLatency,0.000,10.000,0.000',
        'Tag=publishLatency,10.000,8.000,2.000',
        'Tag=publishDelayLatency,10.000,8.000,0.200',
        'Tag=endToEndLatency,10.000,8.000,0.000',
      ],
    );
    assert.deepEqual(listTags(log), [...LATENCIES]);
  });

  test('reads back to the same counts at the same times', () => {
    const reader = new HistogramLogReader(log);
    for (const [index, window] of recording.windows.entries()) {
      for (const name of LATENCIES) {
        const read = reader.nextIntervalHistogram();
        assert.ok(read !== null, `${name} of window ${index}`);
        assert.equal(read.tag, name);
        assert.equal(read.totalCount, window[name].totalCount);
        assert.equal(countsOf(read), countsOf(window[name]));
        assert.equal(Math.round(read.startTimeStampMsec), recording.startedAtMs + index * 10_000);
        assert.equal(Math.round(read.endTimeStampMsec - read.startTimeStampMsec), window.seconds * 1000);
      }
    }
    assert.equal(reader.nextIntervalHistogram(), null);
  });

  test('names the latency also where the histogram has a tag of its own', () => {
    const tagged = histogramOf([1]);
    tagged.tag = 'something';
    const window = { ...recording.windows[0], publishLatency: tagged };
    assert.deepEqual(listTags(hdrLog({ ...recording, windows: [window] })), [...LATENCIES]);
  });

  test('of no window is its head alone', () => {
    assert.equal(
      hdrLog({ ...recording, windows: [] })
        .trimEnd()
        .split('\n').length,
      5,
    );
  });
});

describe('a percentile distribution', () => {
  test('is in milliseconds and ends with its summary', () => {
    const lines = hdrPercentiles(recording.total.publishLatency).trimEnd().split('\n');
    assert.equal(lines[0].trim(), 'Value     Percentile TotalCount 1/(1-Percentile)');
    assert.equal(lines[2], '       0.001 0.000000000000          1           1.00');
    assert.ok(lines.includes('       1.000 0.750000000000       1500           4.00'));
    assert.match(lines.at(-2) ?? '', /^#\[Max {5}= {8}2\.000, Total count {4}= {9}2000\]$/);
  });

  test('without samples has no rows', () => {
    const lines = hdrPercentiles(histogramOf([])).trimEnd().split('\n');
    assert.deepEqual(
      lines.filter((line) => /^ *\d/.test(line)),
      [],
    );
  });
});
