package io.millrace.deployment.promotions;

import io.millrace.database.Tx;
import io.millrace.deployment.refusals.Refusal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Commands that are carried out once however often they are sent: those with an {@code
 * Idempotency-Key}. The key and the answer are stored with the effect, for a week; a command that
 * was refused stores nothing and may be sent again.
 */
@Component
class Commands {
  private static final int LONGEST_KEY = 255;

  private final JsonMapper json;

  Commands(JsonMapper json) {
    this.json = json;
  }

  record Answer(HttpStatus status, Object body) {}

  private record Stored(String fingerprint, int status, String response) {}

  /**
   * Carries the command out, or gives the answer it got when it was.
   *
   * @param key of the client; null carries it out each time
   * @param request what is asked; another request under the same key is refused
   */
  ResponseEntity<String> once(
      Tx tx, @Nullable String key, Object request, Supplier<Answer> command) {
    if (key == null) {
      Answer answer = command.get();
      return response(answer.status().value(), json.writeValueAsString(answer.body()));
    }
    String id = unquoted(key);
    String fingerprint = sha256(json.writeValueAsString(request));
    // A second one with the same key waits here until the first has committed.
    long added =
        tx.update(
            """
            insert into commands (idempotency_key, fingerprint, at) values ($1, $2, now())
            on conflict do nothing
            """,
            id,
            fingerprint);
    if (added == 0) {
      return repeated(tx, id, fingerprint);
    }
    tx.update("delete from commands where at < now() - interval '7 days'");
    Answer answer = command.get();
    String body = json.writeValueAsString(answer.body());
    tx.update(
        "update commands set status = $2, response = $3 where idempotency_key = $1",
        id,
        answer.status().value(),
        body);
    return response(answer.status().value(), body);
  }

  private static ResponseEntity<String> repeated(Tx tx, String id, String fingerprint) {
    Optional<Stored> stored =
        tx.queryOne(
            "select * from commands where idempotency_key = $1",
            row ->
                new Stored(row.string("fingerprint"), row.int4("status"), row.string("response")),
            id);
    if (stored.isEmpty() || !stored.get().fingerprint().equals(fingerprint)) {
      throw Refusal.invalid(
          "idempotency-key-reused",
          "The Idempotency-Key '%s' belongs to another request; use a new one.".formatted(id));
    }
    return response(stored.get().status(), stored.get().response());
  }

  private static ResponseEntity<String> response(int status, String body) {
    return ResponseEntity.status(status).contentType(MediaType.APPLICATION_JSON).body(body);
  }

  private static String unquoted(String key) {
    String id =
        key.length() > 1 && key.startsWith("\"") && key.endsWith("\"")
            ? key.substring(1, key.length() - 1)
            : key;
    if (id.isBlank() || id.length() > LONGEST_KEY) {
      throw Refusal.invalid(
          "bad-idempotency-key",
          "The Idempotency-Key must have 1 to " + LONGEST_KEY + " characters.");
    }
    return id;
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
