import java.nio.ByteBuffer;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.CloseableIterator;

/**
 * CPU of Kafka's own codecs, by the thread's CPU counter: builds batches as a producer does (MemoryRecordsBuilder), walks
 * them as a broker that validates in place does (skipKeyValueIterator) and as a consumer does (streamingIterator).
 * Prints a line of JSON for each codec, kind of values, size of record and size of batch. Uncompressed batches go through
 * the same code, so that the difference is the codec.
 */
public class KafkaCodecs {
    static final long WARM_NS = Long.getLong("warmMs", 400) * 1_000_000L;
    static final long MEASURE_NS = Long.getLong("measureMs", 400) * 1_000_000L;
    static final int PIECE_BYTES = 64;
    static final Random random = new Random(7);

    interface Step { void run() throws Exception; }

    public static void main(String[] args) throws Exception {
        int[][] shapes = {{1000, 16384}, {1000, 131072}, {100, 1024}};
        for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
            for (String data : new String[] {"random", "mixed", "text"})
                for (int[] shape : shapes) measure(codec, data, shape[0], shape[1]);
            measure(codec, "letters", 1000, 16384);
        }
    }

    static void measure(String codec, String data, int valueBytes, int batchBytes) throws Exception {
        Compression compression = Compression.of(codec).build();
        int records = Math.max(1, batchBytes / (valueBytes + 8));
        byte[][][] values = new byte[32][records][];
        for (byte[][] batch : values) for (int i = 0; i < records; i++) batch[i] = value(data, valueBytes);
        ByteBuffer buffer = ByteBuffer.allocate(2 * batchBytes + 4096);
        BufferSupplier buffers = BufferSupplier.create();
        int[] turn = {0};
        Step build = () -> build(buffer, compression, values[turn[0]++ & 31]);
        double compressNs = cpuNs(build);
        MemoryRecords[] built = new MemoryRecords[32];
        long kept = 0, raw = 0;
        for (int i = 0; i < 32; i++) {
            built[i] = build(ByteBuffer.allocate(2 * batchBytes + 4096), compression, values[i]);
            kept += built[i].sizeInBytes() - 61;
            raw += build(ByteBuffer.allocate(2 * batchBytes + 4096), Compression.NONE, values[i]).sizeInBytes() - 61;
        }
        double validateNs = cpuNs(() -> walk(built[turn[0]++ & 31], buffers, true));
        double decodeNs = cpuNs(() -> walk(built[turn[0]++ & 31], buffers, false));
        System.out.printf(
            "{\"codec\":\"%s\",\"data\":\"%s\",\"valueBytes\":%d,\"records\":%d,\"rawBytes\":%d,\"rate\":%.4f,"
                + "\"compressNs\":%.0f,\"validateNs\":%.0f,\"decodeNs\":%.0f}%n",
            codec, data, valueBytes, records, raw / 32, (double) kept / raw, compressNs, validateNs, decodeNs);
    }

    static MemoryRecords build(ByteBuffer buffer, Compression compression, byte[][] values) {
        buffer.clear();
        MemoryRecordsBuilder builder = MemoryRecords.builder(
            buffer, RecordBatch.MAGIC_VALUE_V2, compression, TimestampType.CREATE_TIME, 0L);
        for (byte[] value : values) builder.append(1000L, null, value);
        return builder.build();
    }

    static long seen = 0;

    static void walk(MemoryRecords records, BufferSupplier buffers, boolean skips) {
        for (MutableRecordBatch batch : records.batches()) {
            try (CloseableIterator<Record> each =
                    skips && batch.isCompressed() ? batch.skipKeyValueIterator(buffers) : batch.streamingIterator(buffers)) {
                while (each.hasNext()) seen += each.next().sizeInBytes();
            }
        }
    }

    static byte[] value(String data, int bytes) {
        byte[] value = new byte[bytes];
        switch (data) {
            case "random": random.nextBytes(value); break;
            // As the load generator makes values of a compression rate of a half: pieces, each half random.
            case "mixed":
                for (int at = 0; at < bytes; at++)
                    value[at] = at % PIECE_BYTES < PIECE_BYTES / 2 ? (byte) random.nextInt(256) : (byte) 'x';
                break;
            // As kafka-producer-perf-test.
            case "letters": for (int at = 0; at < bytes; at++) value[at] = (byte) (random.nextInt(26) + 65); break;
            default: text(value);
        }
        return value;
    }

    /** Something like JSON of an application: names that repeat, values that differ. */
    static void text(byte[] value) {
        String[] names = {"orderId", "customer", "amount", "currency", "createdAt", "status", "items", "address"};
        StringBuilder text = new StringBuilder("{");
        while (text.length() < value.length) {
            text.append('"').append(names[random.nextInt(names.length)]).append("\":\"");
            text.append(Long.toString(random.nextLong() & 0xffffffffffL, 36)).append("\",");
        }
        for (int at = 0; at < value.length; at++) value[at] = (byte) text.charAt(at);
    }

    /** CPU of one step: the least of five parts, which pauses and neighbours lengthen. */
    static double cpuNs(Step step) throws Exception {
        var threads = ManagementFactory.getThreadMXBean();
        for (long end = System.nanoTime() + WARM_NS; System.nanoTime() < end; ) step.run();
        double least = Double.MAX_VALUE;
        for (int part = 0; part < 5; part++) {
            long steps = 0, began = threads.getCurrentThreadCpuTime();
            for (long end = System.nanoTime() + MEASURE_NS / 5; System.nanoTime() < end; steps++) step.run();
            least = Math.min(least, (double) (threads.getCurrentThreadCpuTime() - began) / steps);
        }
        return least;
    }
}
