package io.millrace.buffers;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * The network library that all services stand on goes on reading a connection whose next request
 * came before the answer to the one before was seen off. Up to Reactor Netty 1.3.7 it did not, and
 * the client waited for ever; a client that asks again at once may meet that on a busy machine.
 */
class KeptConnectionTest {

  private static final int PATIENCE_MILLIS = 10_000;

  private DisposableServer server;

  @BeforeEach
  void start() {
    server =
        new LargePieces(4 * 1024, 64 * 1024)
            .requestsOf(HttpServer.create())
            .host("127.0.0.1")
            .port(0)
            .route(
                routes ->
                    routes
                        .get(
                            "/later",
                            (request, response) ->
                                response.sendString(
                                    Mono.delay(Duration.ofMillis(50)).thenReturn("later")))
                        .get("/now", (request, response) -> response.sendString(Mono.just("now"))))
            .bindNow();
  }

  @AfterEach
  void stop() {
    server.disposeNow();
  }

  @Test
  void goesOnAfterARequestThatCameBeforeTheAnswerToTheOneBefore() throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      client.setSoTimeout(PATIENCE_MILLIS);
      ask(client, "/later", "/now");
      assertThat(answer(client)).isEqualTo("later");
      assertThat(answer(client)).isEqualTo("now");
      ask(client, "/now");
      assertThat(answer(client)).isEqualTo("now");
    }
  }

  private static void ask(Socket client, String... paths) throws IOException {
    StringBuilder requests = new StringBuilder();
    for (String path : paths) {
      requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: millrace\r\n\r\n");
    }
    client.getOutputStream().write(requests.toString().getBytes(US_ASCII));
  }

  /** The body of the next answer, which says its length. */
  private static String answer(Socket client) throws IOException {
    InputStream in = client.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      assertThat(next).as("the connection is open after: %s", head).isNotNegative();
      head.append((char) next);
    }
    String length = head.toString().replaceAll("(?is).*content-length: *(\\d+).*", "$1");
    return new String(in.readNBytes(Integer.parseInt(length)), US_ASCII);
  }
}
