package io.millrace.tracking.idempotency;

import io.millrace.artifacts.Sha256;
import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Tx;
import io.millrace.database.TxWork;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.mlflow.ErrorCode;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Creates that a client may send again: under the same {@code Idempotency-Key} the first answer is
 * given for 24 hours and nothing is done. The key and the answer are stored in the transaction of
 * the effect. A twin that comes meanwhile waits for the first one; what was refused stores nothing
 * and is decided anew. Without the header each call is carried out.
 */
@Component
public class Idempotency {

  private static final Logger log = LoggerFactory.getLogger(Idempotency.class);

  private static final String HEADER = "Idempotency-Key";
  private static final int LONGEST_KEY = 255;
  private static final String MLFLOW = "/mlflow/";

  private final Database database;
  private final JsonMapper json;

  Idempotency(Database database, JsonMapper json) {
    this.database = database;
    this.json = json;
  }

  /**
   * An answer.
   *
   * @param status HTTP status
   * @param location header of what was created; null: none
   * @param body written as JSON
   */
  public record Answer(int status, @Nullable String location, Object body) {

    /** 200. */
    public static Answer ok(Object body) {
      return new Answer(200, null, body);
    }

    /** 201. */
    public static Answer created(String location, Object body) {
      return new Answer(201, location, body);
    }
  }

  private record Stored(String fingerprint, int status, @Nullable String location, String body) {}

  /** Carries out a create of MLflow's, in one transaction; its result is the body of a 200. */
  public ResponseEntity<byte[]> once(
      ServerHttpRequest request, MlflowMessage message, TxWork<?> create) {
    String path = request.getPath().value();
    return once(
        path.substring(path.indexOf(MLFLOW) + 1),
        request,
        message.toString(),
        tx -> Answer.ok(create.apply(tx)),
        refusal -> new MlflowException(refusal.code, refusal.message));
  }

  /**
   * Carries out a create of /api/v1, in one transaction.
   *
   * @param body what came, as a text that is another one for another request
   */
  public ResponseEntity<byte[]> once(
      ServerHttpRequest request, String body, TxWork<Answer> create) {
    return once(
        request.getPath().value(),
        request,
        body,
        create,
        refusal -> new ApiProblem(refusal.code.status(), refusal.problem, refusal.message));
  }

  private record Refusal(ErrorCode code, String problem, String message) {}

  private ResponseEntity<byte[]> once(
      String call,
      ServerHttpRequest request,
      String body,
      TxWork<Answer> create,
      Function<Refusal, RuntimeException> form) {
    String given = request.getHeaders().getFirst(HEADER);
    if (given == null) {
      return response(stored("", database.inTransaction(create)));
    }
    String key = unquoted(given.strip());
    if (key.isBlank() || key.length() > LONGEST_KEY || key.indexOf('\0') >= 0) {
      throw form.apply(
          new Refusal(
              ErrorCode.INVALID_PARAMETER_VALUE,
              "invalid-idempotency-key",
              "The header %s must have 1 to %d characters.".formatted(HEADER, LONGEST_KEY)));
    }
    String fingerprint = Sha256.of(body);
    Stored stored =
        database.inTransaction(
            tx -> {
              if (!claim(tx, call, key, fingerprint)) {
                return first(tx, call, key);
              }
              Stored made = stored(fingerprint, create.apply(tx));
              keep(tx, call, key, made);
              return made;
            });
    if (!stored.fingerprint().equals(fingerprint)) {
      throw form.apply(
          new Refusal(
              ErrorCode.RESOURCE_CONFLICT,
              "idempotency-key-reused",
              "The %s '%s' came with another request before; use a new one for this request."
                  .formatted(HEADER, key)));
    }
    return response(stored);
  }

  /** Takes the key, waiting for a transaction that has it; false where an answer is kept. */
  private static boolean claim(Tx tx, String call, String key, String fingerprint) {
    return tx.update(
            """
            insert into idempotent_answers as a (call, key, fingerprint) values ($1, $2, $3)
            on conflict (call, key) do update
              set fingerprint = excluded.fingerprint, status = null, body = null, at = now()
              where a.at < now() - interval '24 hours'
            """,
            call,
            key,
            fingerprint)
        == 1;
  }

  private static Stored first(Tx tx, String call, String key) {
    return tx.queryOne(
            "select * from idempotent_answers where call = $1 and key = $2",
            row ->
                new Stored(
                    row.string("fingerprint"),
                    row.int4("status"),
                    row.stringOrNull("location"),
                    row.string("body")),
            call,
            key)
        .orElseThrow(
            () -> new DatabaseUnavailable("An answer was removed just now; try again.", null));
  }

  private static void keep(Tx tx, String call, String key, Stored answer) {
    tx.update(
        """
        update idempotent_answers set status = $3, location = $4::text, body = $5
        where call = $1 and key = $2
        """,
        call,
        key,
        answer.status(),
        answer.location(),
        answer.body());
  }

  @Scheduled(fixedDelayString = "PT1H")
  void forget() {
    try {
      database.inTransactionVoid(
          tx -> tx.update("delete from idempotent_answers where at < now() - interval '25 hours'"));
    } catch (DatabaseUnavailable later) {
      log.debug("forgot in vain: {}", later.getMessage());
    }
  }

  private Stored stored(String fingerprint, Answer answer) {
    return new Stored(
        fingerprint, answer.status(), answer.location(), json.writeValueAsString(answer.body()));
  }

  private static ResponseEntity<byte[]> response(Stored answer) {
    ResponseEntity.BodyBuilder response =
        ResponseEntity.status(answer.status()).contentType(MediaType.APPLICATION_JSON);
    if (answer.location() != null) {
      response.header(HttpHeaders.LOCATION, answer.location());
    }
    return response.body(answer.body().getBytes(StandardCharsets.UTF_8));
  }

  /** The header is a structured field, in which text stands in quotes; many leave them out. */
  private static String unquoted(String key) {
    return key.length() > 1 && key.startsWith("\"") && key.endsWith("\"")
        ? key.substring(1, key.length() - 1)
        : key;
  }
}
