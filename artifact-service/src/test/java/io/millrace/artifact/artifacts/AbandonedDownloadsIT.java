package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.millrace.artifact.RunningService;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Netty reports a buffer that was thrown away and not given back, once it is collected. */
class AbandonedDownloadsIT {

  private static final String FILE = "/api/2.0/mlflow-artifacts/artifacts/1/left/large.bin";
  private static final int SIZE = 6 << 20;
  private static final int READERS = 24;
  private static final int DOWNLOADS = 480;
  private static final int SMALL_WINDOW = 4096;
  private static final int COLLECTIONS = 5;

  @Test
  void giveAllTheirBuffersBack() throws Exception {
    List<String> leaks = new CopyOnWriteArrayList<>();
    AppenderBase<ILoggingEvent> listening =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getFormattedMessage().contains("LEAK")) {
              leaks.add(event.getFormattedMessage());
            }
          }
        };
    Level before = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.PARANOID);
    try (RunningService service =
        RunningService.startSweeping(Map.of("logging.level.reactor.netty.channel", "error"))) {
      Logger netty = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);
      listening.start();
      netty.addAppender(listening);
      try {
        byte[] bytes = new byte[SIZE];
        new Random(3).nextBytes(bytes);
        assertThat(service.put(FILE, bytes).status()).isEqualTo(200);
        leaveInTheMiddle(service.port());
        // A report follows an allocation after the collection.
        for (int i = 0; i < COLLECTIONS; i++) {
          System.gc();
          assertThat(service.get(FILE).response().body()).isEqualTo(bytes);
        }
      } finally {
        netty.detachAppender(listening);
      }
    } finally {
      ResourceLeakDetector.setLevel(before);
    }
    assertThat(leaks).isEmpty();
  }

  private static void leaveInTheMiddle(int port) throws Exception {
    List<Callable<Void>> readers = new ArrayList<>();
    for (int i = 0; i < DOWNLOADS; i++) {
      int number = i;
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
    try (Socket socket = new Socket()) {
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
      InputStream answer = socket.getInputStream();
      int wanted = number % 2 == 0 ? SMALL_WINDOW : SIZE / 8 * (number % 7);
      assertThat(answer.readNBytes(wanted)).hasSize(wanted);
    }
  }
}
