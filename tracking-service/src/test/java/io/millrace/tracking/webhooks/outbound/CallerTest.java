package io.millrace.tracking.webhooks.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.millrace.tracking.webhooks.Receiver;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls to a real server. */
class CallerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Receiver receiver = new Receiver(Receiver.Answer.status(204));

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static Caller caller(HostResolver names, String... allowed) {
    return new Caller(
        new TargetGuard(
            true,
            Set.of(),
            new AddressPolicy(List.of(allowed).stream().map(Network::parse).toList()),
            names),
        PATIENCE,
        Authorities.with(null));
  }

  private static Caller loopback() {
    return caller(host -> List.of(InetAddress.getAllByName(host)), "127.0.0.0/8");
  }

  private Exchange post() {
    return loopback().post(receiver.url(), Map.of("webhook-id", "m"), "{\"a\":\"é\"}");
  }

  @Test
  void bringsHeadersAndBodyAsTheyAre() {
    Exchange exchange =
        loopback()
            .post(
                receiver.url() + "?a=b%20c",
                Map.of("webhook-id", "m", "Content-Type", "application/json"),
                "{\"a\":\"é\"}");
    assertThat(exchange.status()).isEqualTo(204);
    assertThat(exchange.succeeded()).isTrue();
    Receiver.Call call = receiver.await(1).getFirst();
    assertThat(call.body()).isEqualTo("{\"a\":\"é\"}");
    assertThat(call.headers())
        .containsEntry("webhook-id", "m")
        .containsEntry("content-type", "application/json")
        .containsEntry("content-length", "10")
        .containsEntry("host", "127.0.0.1:" + receiver.port())
        .doesNotContainKey("transfer-encoding");
  }

  @Test
  void followsNoRedirect() {
    receiver.answers(
        (exchange, call) -> {
          exchange.getResponseHeaders().add("Location", receiver.url() + "/elsewhere");
          exchange.sendResponseHeaders(call == 1 ? 302 : 200, -1);
        });
    Exchange exchange = post();
    assertThat(exchange.status()).isEqualTo(302);
    assertThat(exchange.succeeded()).isFalse();
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void readsNoMoreThanTheBeginningOfAnAnswer() {
    AtomicInteger written = new AtomicInteger();
    receiver.answers(
        (exchange, call) -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] chunk = "x".repeat(1 << 16).getBytes();
          OutputStream out = exchange.getResponseBody();
          try {
            for (int i = 0; i < 5000; i++) {
              out.write(chunk);
              written.addAndGet(chunk.length);
            }
          } catch (IOException leftByTheCaller) {
            // As it should be.
          }
        });
    Exchange exchange = post();
    assertThat(exchange.status()).isEqualTo(200);
    assertThat(exchange.body()).hasSize(4096);
    assertThat(written.get()).isLessThan(50 << 20);
  }

  @Test
  void takesTheStatusOfAnAnswerThatNeverEnds() {
    CountDownLatch end = new CountDownLatch(1);
    receiver.answers(
        (exchange, call) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("begun".getBytes());
          exchange.getResponseBody().flush();
          await(end);
        });
    Exchange exchange = post();
    end.countDown();
    assertThat(exchange.status()).isEqualTo(200);
  }

  @Test
  void endsWhereNoAnswerComes() {
    CountDownLatch end = new CountDownLatch(1);
    receiver.answers((exchange, call) -> await(end));
    long begun = System.nanoTime();
    Exchange exchange = post();
    end.countDown();
    assertThat(exchange.status()).isNull();
    assertThat(exchange.error()).isEqualTo("no answer within 2000 ms");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(PATIENCE.multipliedBy(2));
  }

  @Test
  void saysThatNobodyListens() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Exchange exchange = loopback().post("http://127.0.0.1:" + port + "/", Map.of(), "{}");
    assertThat(exchange.status()).isNull();
    assertThat(exchange.error()).contains("refused");
  }

  @Test
  void saysThatTheOtherSideHungUpWithoutAnAnswer() throws Exception {
    try (ServerSocket rude = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      Thread.ofVirtual()
          .start(
              () -> {
                try (var socket = rude.accept()) {
                  socket.getInputStream().read();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      Exchange exchange =
          loopback().post("http://127.0.0.1:" + rude.getLocalPort() + "/", Map.of(), "{}");
      assertThat(exchange.status()).isNull();
      assertThat(exchange.error()).isNotBlank();
    }
  }

  @Test
  void goesToTheAddressThatWasCheckedUnderTheNameThatWasGiven() {
    AtomicInteger lookUps = new AtomicInteger();
    Caller caller =
        caller(
            host -> {
              lookUps.incrementAndGet();
              return List.of(InetAddress.getByName("127.0.0.1"));
            },
            "127.0.0.1");
    Exchange exchange =
        caller.post("http://receiver.example:" + receiver.port() + "/", Map.of(), "{}");
    assertThat(exchange.status()).as(exchange.words()).isEqualTo(204);
    assertThat(lookUps).hasValue(1);
    assertThat(receiver.calls().getFirst().headers())
        .containsEntry("host", "receiver.example:" + receiver.port());
  }

  @Test
  void isNotLedAstrayByANameThatLeadsElsewhereLater() throws Exception {
    AtomicInteger lookUps = new AtomicInteger();
    HostResolver rebinding =
        host ->
            List.of(
                InetAddress.getByName(
                    lookUps.incrementAndGet() == 1 ? "93.184.216.34" : "127.0.0.1"));
    TargetGuard guard = new TargetGuard(true, Set.of(), new AddressPolicy(List.of()), rebinding);
    String url = "http://rebinding.example:" + receiver.port() + "/";
    assertThat(guard.checked(url).getHost()).isEqualTo("rebinding.example");

    Exchange exchange =
        new Caller(guard, PATIENCE, Authorities.with(null)).post(url, Map.of(), "{}");

    assertThat(exchange.status()).isNull();
    assertThat(exchange.error()).contains("non-public").contains("127.0.0.1");
    assertThat(receiver.calls()).isEmpty();
  }

  @Test
  void connectsToNoForbiddenAddressHoweverItIsWritten() {
    Caller strict = caller(host -> List.of(InetAddress.getAllByName(host)));
    for (String host : List.of("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]")) {
      Exchange exchange =
          strict.post("http://" + host + ":" + receiver.port() + "/", Map.of(), "{}");
      assertThat(exchange.status()).as(host).isNull();
      assertThat(exchange.error()).as(host).contains("non-public");
    }
    assertThat(receiver.calls()).isEmpty();
  }

  /** A server whose certificate nobody but the house vouches for. */
  private static HttpsServer secured(Path folder, String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process made =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                "EC",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString(),
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:" + name,
                "-validity",
                "2")
            .redirectErrorStream(true)
            .start();
    String said = new String(made.getInputStream().readAllBytes());
    assertThat(made.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (var file = Files.newInputStream(store)) {
      keys.load(file, "changeit".toCharArray());
    }
    Files.writeString(
        folder.resolve(name + ".pem"),
        "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder().encodeToString(keys.getCertificate("a").getEncoded())
            + "\n-----END CERTIFICATE-----\n");
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, "changeit".toCharArray());
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(managers.getKeyManagers(), null, null);
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          exchange.sendResponseHeaders(204, -1);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void trustsTheAuthoritiesOfTheHouseForTheNameInTheUrlAlone(@TempDir Path folder)
      throws Exception {
    HttpsServer server = secured(folder, "receiver.example");
    try {
      TargetGuard guard =
          new TargetGuard(
              false,
              Set.of(),
              new AddressPolicy(List.of(Network.parse("127.0.0.1"))),
              host -> List.of(InetAddress.getByName("127.0.0.1")));
      String port = ":" + server.getAddress().getPort() + "/";
      Caller house =
          new Caller(guard, PATIENCE, Authorities.with(folder.resolve("receiver.example.pem")));
      Exchange taken = house.post("https://receiver.example" + port, Map.of(), "{}");
      assertThat(taken.status()).as(taken.words()).isEqualTo(204);

      for (String other : List.of("https://other.example", "https://127.0.0.1")) {
        Exchange wrongName = house.post(other + port, Map.of(), "{}");
        assertThat(wrongName.status()).as(other).isNull();
        assertThat(wrongName.error()).as(other).contains("Certificate");
      }
      Exchange stranger =
          new Caller(guard, PATIENCE, Authorities.with(null))
              .post("https://receiver.example" + port, Map.of(), "{}");
      assertThat(stranger.status()).isNull();
      assertThat(stranger.error()).contains("path");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void saysWhatIsWrongWithAFileOfAuthorities(@TempDir Path folder) throws Exception {
    Path empty = Files.writeString(folder.resolve("empty.pem"), "");
    for (Path wrong : List.of(empty, folder.resolve("none.pem"))) {
      assertThatThrownBy(() -> Authorities.with(wrong))
          .hasMessageContaining("millrace.webhooks.authorities")
          .hasMessageContaining(wrong.toString());
    }
  }

  @Test
  void readsHowLongToWait() {
    assertThat(Caller.retryAfter(null)).isNull();
    assertThat(Caller.retryAfter("120")).isEqualTo(Duration.ofMinutes(2));
    assertThat(Caller.retryAfter("999999999")).isEqualTo(Duration.ofDays(1));
    assertThat(Caller.retryAfter("-1")).isNull();
    assertThat(Caller.retryAfter("soon")).isNull();
    assertThat(Caller.retryAfter("99999999999999999999")).isNull();
    assertThat(
            Caller.retryAfter(
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                    ZonedDateTime.now(ZoneOffset.UTC).plusMinutes(10))))
        .isBetween(Duration.ofMinutes(9), Duration.ofMinutes(10));
    assertThat(Caller.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT")).isEqualTo(Duration.ZERO);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
