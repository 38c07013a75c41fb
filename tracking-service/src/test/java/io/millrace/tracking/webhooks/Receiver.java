package io.millrace.tracking.webhooks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Somebody who is told: a real HTTP server that remembers every call. */
public final class Receiver implements AutoCloseable {

  /** How it answers. */
  @FunctionalInterface
  public interface Answer {
    void to(HttpExchange exchange, int call) throws IOException;

    /** The same status always. */
    static Answer status(int status) {
      return (exchange, call) -> exchange.sendResponseHeaders(status, -1);
    }
  }

  /** A call. */
  public record Call(Map<String, String> headers, String body, long nanos) {

    public JsonNode json() {
      return JsonMapper.shared().readTree(body);
    }

    public String id() {
      return headers.getOrDefault("webhook-id", headers.getOrDefault("x-mlflow-delivery-id", ""));
    }

    /** Checks as the text of Standard Webhooks says, knowing nothing of how it was made. */
    public boolean signedWith(String secret) {
      byte[] key = Base64.getDecoder().decode(secret.replaceFirst("^whsec_", ""));
      return anySignature("webhook-signature", key, headers.get("webhook-timestamp"));
    }

    /** Checks as MLflow's receivers do. */
    public boolean mlflowSignedWith(String secret) {
      return anySignature(
          "x-mlflow-signature",
          secret.getBytes(StandardCharsets.UTF_8),
          headers.get("x-mlflow-timestamp"));
    }

    private boolean anySignature(String header, byte[] key, String timestamp) {
      long age = Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp));
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update(id().getBytes(StandardCharsets.UTF_8));
        mac.update((byte) '.');
        mac.update(timestamp.getBytes(StandardCharsets.UTF_8));
        mac.update((byte) '.');
        byte[] expected = mac.doFinal(body.getBytes(StandardCharsets.UTF_8));
        for (String signature : headers.getOrDefault(header, "").split(" ")) {
          String[] parts = signature.split(",", 2);
          if (parts[0].equals("v1")
              && MessageDigest.isEqual(Base64.getDecoder().decode(parts[1]), expected)) {
            return age < 300;
          }
        }
        return false;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private final HttpServer server;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private volatile Answer answer;

  public Receiver(Answer answer) {
    this.answer = answer;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::take);
    server.start();
  }

  private void take(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> headers.put(name.toLowerCase(), values.getFirst()));
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    int call;
    synchronized (calls) {
      calls.add(new Call(headers, body, System.nanoTime()));
      call = calls.size();
    }
    try (exchange) {
      answer.to(exchange, call);
    }
  }

  public void answers(Answer other) {
    answer = other;
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public String url() {
    return "http://127.0.0.1:" + port() + "/hook";
  }

  public List<Call> calls() {
    return calls;
  }

  /** Waits for so many calls. */
  public List<Call> await(int count) {
    Awaitility.await(count + " calls")
        .pollInterval(java.time.Duration.ofMillis(10))
        .atMost(java.time.Duration.ofSeconds(30))
        .until(() -> calls.size() >= count);
    return List.copyOf(calls);
  }

  /** Waits for a call. */
  public Call await(Predicate<Call> wanted) {
    Awaitility.await("a call")
        .pollInterval(java.time.Duration.ofMillis(10))
        .atMost(java.time.Duration.ofSeconds(30))
        .until(() -> calls.stream().anyMatch(wanted));
    return calls.stream().filter(wanted).findFirst().orElseThrow();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
