import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Random;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManagerFactory;

/**
 * CPU of the JDK's SSLEngine, as Kafka's SslTransportLayer uses it, by the thread's CPU counter: wrap and unwrap of full
 * TLS records and of small ones, and the read of a log's bytes into a direct buffer of 32 KiB. TLS 1.3 with what the two ends
 * agree on. Arguments: a PKCS12 key store, its password. Prints a line of JSON for each.
 */
public class TlsEngine {
    static final long NS = Long.getLong("measureMs", 400) * 1_000_000L;

    interface Step { void run() throws Exception; }

    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance(Path.of(args[0]).toFile(), args[1].toCharArray());
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, args[1].toCharArray());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        // In turn, several times: the first ones warm up.
        for (int turn = 0; turn < 8; turn++) {
            int bytes = turn % 2 == 0 ? 200 : 16384;
            // Records are numbered, and those that are only wrapped are missing: each size has a connection of its own.
            SSLEngine server = context.createSSLEngine(), client = context.createSSLEngine("localhost", 9093);
            server.setUseClientMode(false);
            client.setUseClientMode(true);
            handshake(client, server);
            ByteBuffer plain = ByteBuffer.allocateDirect(bytes), wire = ByteBuffer.allocate(17408), read = ByteBuffer.allocate(17408);
            byte[] content = new byte[bytes];
            new Random(7).nextBytes(content);
            plain.put(content);
            Step wrap = () -> { plain.rewind(); wire.clear(); client.wrap(plain, wire); };
            Step both = () -> { wrap.run(); wire.flip(); read.clear(); server.unwrap(wire, read); };
            double bothNs = cpuNs(both);
            double wrapNs = cpuNs(wrap);
            System.out.printf("{\"what\":\"tls\",\"suite\":\"%s\",\"bytes\":%d,\"encryptNs\":%.0f,\"decryptNs\":%.0f}%n",
                client.getSession().getCipherSuite(), bytes, wrapNs, bothNs - wrapNs);
        }
        Path file = Files.createTempFile("log", ".bin");
        try (FileChannel log = new RandomAccessFile(file.toFile(), "rw").getChannel()) {
            log.write(ByteBuffer.allocate(64 << 20));
            ByteBuffer buffer = ByteBuffer.allocateDirect(32768);
            long[] at = {0};
            double readNs = cpuNs(() -> { buffer.clear(); log.read(buffer, at[0]); at[0] = (at[0] + 32768) % (64 << 20); });
            System.out.printf("{\"what\":\"file\",\"bytes\":32768,\"readNs\":%.0f}%n", readNs);
        } finally {
            Files.delete(file);
        }
    }

    static void handshake(SSLEngine client, SSLEngine server) throws Exception {
        ByteBuffer empty = ByteBuffer.allocate(0), read = ByteBuffer.allocate(40000);
        ByteBuffer[] wires = {ByteBuffer.allocate(40000), ByteBuffer.allocate(40000)};
        SSLEngine[] ends = {client, server};
        client.beginHandshake();
        server.beginHandshake();
        for (int turn = 0; turn < 200; turn++) {
            SSLEngine end = ends[turn & 1];
            ByteBuffer out = wires[turn & 1], in = wires[1 - (turn & 1)];
            for (Runnable task; (task = end.getDelegatedTask()) != null; ) task.run();
            if (end.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) end.wrap(empty, out);
            else if (in.position() > 0) {
                in.flip();
                read.clear();
                end.unwrap(in, read);
                in.compact();
            }
        }
    }

    /** CPU of one step: the least of five parts, after as long for warming up. */
    static double cpuNs(Step step) throws Exception {
        var threads = ManagementFactory.getThreadMXBean();
        for (long end = System.nanoTime() + NS; System.nanoTime() < end; ) step.run();
        double least = Double.MAX_VALUE;
        for (int part = 0; part < 5; part++) {
            long steps = 0, began = threads.getCurrentThreadCpuTime();
            for (long end = System.nanoTime() + NS / 5; System.nanoTime() < end; steps++) step.run();
            least = Math.min(least, (double) (threads.getCurrentThreadCpuTime() - began) / steps);
        }
        return least;
    }
}
