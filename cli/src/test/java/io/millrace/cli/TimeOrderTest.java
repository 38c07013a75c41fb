package io.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The event stream of a small server whose events arrive in another order than they happened. */
@Timeout(20)
class TimeOrderTest {

  private static final Instant BEGIN = Instant.parse("2026-11-21T08:00:00Z");

  private final CountDownLatch done = new CountDownLatch(1);
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    done.countDown();
    server.stop(0);
  }

  private static String event(int seq, String type, long millis) {
    return "id: %d\ndata: {\"seq\":%d,\"type\":\"%s\",\"time\":\"%s\"}\n\n"
        .formatted(seq, seq, type, BEGIN.plusMillis(millis));
  }

  /** Sends these at once, and then nothing, but stays open as an event stream does. */
  private EventStream streamOf(String... events) {
    server.createContext(
        "/api/v1/events",
        exchange -> {
          exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
          exchange.sendResponseHeaders(200, 0);
          exchange
              .getResponseBody()
              .write(String.join("", events).getBytes(StandardCharsets.UTF_8));
          exchange.getResponseBody().flush();
          try {
            done.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    return new EventStream(
        new GatewayClient(URI.create("http://127.0.0.1:" + server.getAddress().getPort())));
  }

  private static List<String> told(EventStream stream, String last) {
    var told = new ArrayList<String>();
    stream.forEachByTime(
        event -> {
          var type = event.path("type").asString();
          told.add(type);
          return !type.equals(last);
        },
        Duration.ofSeconds(1));
    return told;
  }

  @Test
  void tellsACauseBeforeItsEffectThoughItArrivesLater() {
    var stream =
        streamOf(
            event(1, "TrainRequested", 0),
            event(2, "RunQueued", 170),
            event(3, "TrainAccepted", 150),
            event(4, "RunStarted", 900));
    assertThat(told(stream, "RunStarted"))
        .containsExactly("TrainRequested", "TrainAccepted", "RunQueued", "RunStarted");
  }

  @Test
  void keepsTheOrderOfArrivalForEqualTimes() {
    var stream = streamOf(event(1, "B", 5), event(2, "A", 5), event(3, "C", 5));
    assertThat(told(stream, "C")).containsExactly("B", "A", "C");
  }

  @Test
  void beginsWithTheRequestThoughItsClockIsAhead() {
    var stream = streamOf(event(1, "TrainRequested", 700), event(2, "TrainAccepted", 20));
    assertThat(told(stream, "TrainAccepted")).containsExactly("TrainRequested", "TrainAccepted");
  }

  @Test
  void tellsTheLastEventThoughNoneFollows() {
    assertThat(told(streamOf(event(1, "ModelDeployed", 0)), "ModelDeployed")).hasSize(1);
  }

  @Test
  void passesTheStreamsFailureOn() {
    server.createContext(
        "/api/v1/events",
        exchange -> {
          exchange.sendResponseHeaders(400, -1);
          exchange.close();
        });
    var stream =
        new EventStream(
            new GatewayClient(URI.create("http://127.0.0.1:" + server.getAddress().getPort())));
    assertThatThrownBy(() -> told(stream, "never"))
        .isInstanceOf(CliFailure.class)
        .hasMessageContaining("400");
  }
}
