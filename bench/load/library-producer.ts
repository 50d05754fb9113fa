/**
 * A user's loop around @platformatic/kafka's `send`: `node library-producer.ts BOOTSTRAP-SERVERS WARM-UP-S MEASURED-S` sends 1000
 * records of 100 B at a time and prints how many a second were acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { ProduceAcks, Producer } from '@platformatic/kafka';

const RECORDS = 1000;
const [bootstrapServers, warmUpSeconds, measuredSeconds] = process.argv.slice(2);
const producer = new Producer({ clientId: 'library', bootstrapBrokers: bootstrapServers.split(',') });
const values = Array.from({ length: RECORDS }, () => randomBytes(100));
const startMs = performance.now();
const warmMs = startMs + Number(warmUpSeconds) * 1000;
const endMs = warmMs + Number(measuredSeconds) * 1000;
let records = 0;
let firstMs = 0;
let lastMs = 0;
while (performance.now() < endMs) {
  await producer.send({
    messages: values.map((value) => ({ topic: 'bench', value })),
    acks: ProduceAcks.LEADER,
  });
  const nowMs = performance.now();
  if (nowMs >= warmMs) {
    if (firstMs === 0) {
      firstMs = nowMs;
    } else {
      records += RECORDS;
      lastMs = nowMs;
    }
  }
}
await producer.close();
process.stdout.write(`${JSON.stringify({ recordsPerSecond: (records / (lastMs - firstMs)) * 1000 })}\n`);
