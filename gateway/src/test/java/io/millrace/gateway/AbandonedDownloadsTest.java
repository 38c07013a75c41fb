package io.millrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.sun.net.httpserver.HttpServer;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Netty reports a buffer that was thrown away and not given back, once it is collected. */
class AbandonedDownloadsTest {

  private static final String FILE = "/api/2.0/mlflow-artifacts/artifacts/1/left/large.bin";
  private static final int SIZE = 4 << 20;
  private static final int PIECE = 64 << 10;
  private static final int READERS = 16;
  private static final int DOWNLOADS = 320;
  private static final int SMALL_WINDOW = 4096;
  private static final int COLLECTIONS = 5;

  @Test
  void giveAllTheirBuffersBack() throws Exception {
    var bytes = new byte[SIZE];
    new Random(3).nextBytes(bytes);
    var leaks = new CopyOnWriteArrayList<String>();
    var listening =
        new AppenderBase<ILoggingEvent>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getFormattedMessage().contains("LEAK")) {
              leaks.add(event.getFormattedMessage());
            }
          }
        };
    var before = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.PARANOID);
    var store = store(bytes);
    try (var context =
        Gateway.application()
            .run(
                "--server.port=0",
                "--logging.level.reactor.netty=error",
                "--millrace.artifact.uri=http://127.0.0.1:" + store.getAddress().getPort())) {
      var netty = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
      listening.start();
      netty.addAppender(listening);
      var port =
          Integer.parseInt(context.getEnvironment().getRequiredProperty("local.server.port"));
      try {
        leaveInTheMiddle(port);
        // A report follows an allocation after the collection.
        for (var i = 0; i < COLLECTIONS; i++) {
          System.gc();
          try (var whole = URI.create("http://127.0.0.1:" + port + FILE).toURL().openStream()) {
            assertThat(whole.readAllBytes()).isEqualTo(bytes);
          }
        }
      } finally {
        netty.detachAppender(listening);
      }
    } finally {
      ResourceLeakDetector.setLevel(before);
      store.stop(0);
    }
    assertThat(leaks).isEmpty();
  }

  private static HttpServer store(byte[] bytes) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, bytes.length);
          try (var body = exchange.getResponseBody()) {
            // In pieces: the server keeps a buffer of twice the largest for each connection.
            for (var at = 0; at < bytes.length; at += PIECE) {
              body.write(bytes, at, PIECE);
            }
          } catch (IOException left) {
            exchange.close();
          }
        });
    server.start();
    return server;
  }

  private static void leaveInTheMiddle(int port) throws Exception {
    List<Callable<Void>> readers = new ArrayList<>();
    for (var i = 0; i < DOWNLOADS; i++) {
      var number = i;
      readers.add(
          () -> {
            leave(port, number);
            return null;
          });
    }
    try (var threads = Executors.newFixedThreadPool(READERS)) {
      for (Future<Void> reader : threads.invokeAll(readers)) {
        reader.get();
      }
    }
  }

  /** Half of the readers are slow, so that pieces wait for them; half leave while pieces come. */
  private static void leave(int port, int number) throws IOException {
    try (var socket = new Socket()) {
      if (number % 2 == 0) {
        socket.setReceiveBufferSize(SMALL_WINDOW);
      }
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.setSoLinger(true, 0);
      socket
          .getOutputStream()
          .write(
              "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                  .formatted(FILE)
                  .getBytes(StandardCharsets.US_ASCII));
      var wanted = number % 2 == 0 ? SMALL_WINDOW : SIZE / 8 * (number % 7);
      assertThat(socket.getInputStream().readNBytes(wanted)).hasSize(wanted);
    }
  }
}
