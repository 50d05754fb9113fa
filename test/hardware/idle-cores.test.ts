import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdleCores } from '../../src/hardware/idle-cores.ts';
import { Columns } from '../../src/kernel/columns.ts';

test('the idle cores of a host are counted, and the first of them found, on hosts of any size', () => {
  const cores = [1, 31, 32, 33, 64, 100];
  const change = fc.record({ host: fc.nat(cores.length - 1), core: fc.nat(99) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const idle = new IdleCores(new Columns(), cores);
      const plain = cores.map((count) => new Set(Array.from({ length: count }, (_, core) => core)));
      for (const { host, core: drawn } of changes) {
        const core = drawn % cores[host];
        if (plain[host].delete(core)) idle.remove(host, core);
        else {
          plain[host].add(core);
          idle.add(host, core);
        }
        plain.forEach((set, of) => {
          assert.equal(idle.count(of), set.size);
          assert.equal(idle.first(of), set.size === 0 ? -1 : Math.min(...set));
        });
      }
    }),
  );
});
