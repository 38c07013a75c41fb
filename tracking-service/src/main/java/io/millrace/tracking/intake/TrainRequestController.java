package io.millrace.tracking.intake;

import io.millrace.artifacts.Sha256;
import io.millrace.database.Database;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.EventCodec;
import io.millrace.messaging.TerminalFailure;
import io.millrace.messaging.TraceContext;
import io.millrace.problems.ApiProblem;
import io.millrace.schemas.Topics;
import io.millrace.tracking.intake.Requests.Sent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/**
 * Takes training requests over HTTP and puts them on their topic, from where they go the way of
 * everybody's. What cannot be read is rejected like there: the answer says why, and so does the
 * flow.
 */
@RestController
class TrainRequestController {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Database database;
  private final Requests requests;
  private final Intake intake;
  private final IntakeEvents events;
  private final EventCodec codec;

  TrainRequestController(
      Database database, Requests requests, Intake intake, IntakeEvents events, EventCodec codec) {
    this.database = database;
    this.requests = requests;
    this.intake = intake;
    this.events = events;
    this.codec = codec;
  }

  record Taken(String requestId, String flow) {
    static Taken of(RequestId id) {
      return new Taken(id.value(), "/api/v1/flows/" + id);
    }
  }

  @PostMapping("/api/v1/train-requests")
  @ResponseStatus(HttpStatus.ACCEPTED)
  Taken request(
      ServerHttpRequest http,
      @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String key,
      @RequestHeader(name = "ce-id", required = false) @Nullable String eventId,
      @RequestHeader(name = TraceContext.HEADER, required = false) @Nullable String trace) {
    return TraceContext.ofOrNew(trace).call(() -> taken(http, key, eventId));
  }

  private Taken taken(ServerHttpRequest http, @Nullable String key, @Nullable String eventId) {
    RequestId fallback = fallback(key, eventId);
    TrainRequested body = read(http, fallback);
    String given = body.getRequestId();
    RequestId id = given.isEmpty() ? fallback : id(given);
    if (key != null && !key.isBlank() && !id.equals(fallback)) {
      throw new ApiProblem(
          400,
          "conflict",
          "Idempotency-Key is '%s' and requestId is '%s'; give one of them, or the same."
              .formatted(fallback, id));
    }
    TrainRequested request = TrainRequested.newBuilder(body).setRequestId(id.value()).build();
    String sha256 = Sha256.of(codec.toJson(request));
    Sent sent =
        database.inTransaction(
            tx -> {
              Sent first = requests.send(tx, id, sha256);
              if (first == Sent.NOW) {
                events.requested(tx, id, request);
              }
              return first;
            });
    if (sent == Sent.DIFFERENTLY) {
      throw new ApiProblem(
          422,
          "request-id-taken",
          "Another request was sent as '%s'; choose a new id.".formatted(id),
          Map.of("requestId", id.value()));
    }
    return Taken.of(id);
  }

  /** The id of a request that gives none itself, or cannot be read. */
  private static RequestId fallback(@Nullable String key, @Nullable String eventId) {
    if (key != null && !key.isBlank()) {
      return id(unquoted(key));
    }
    return eventId != null && !eventId.isBlank()
        ? id(eventId.strip())
        : new RequestId(UUID.randomUUID().toString());
  }

  private TrainRequested read(ServerHttpRequest http, RequestId fallback) {
    byte[] body = body(http);
    try {
      if (body.length > Topics.LARGEST_COMMAND) {
        throw new TerminalFailure(
            "too-large",
            "The request has more than %d bytes. A pipeline definition needs a few thousand: check what was sent."
                .formatted(Topics.LARGEST_COMMAND));
      }
      return codec.fromJson(TrainRequested.class, new String(body, StandardCharsets.UTF_8));
    } catch (TerminalFailure unreadable) {
      String message = String.valueOf(unreadable.getMessage());
      intake.refuse(
          fallback.value(), fallback.value(), new Reason(unreadable.code(), message, null));
      throw new ApiProblem(
          unreadable.code().equals("too-large") ? 413 : 422,
          unreadable.code(),
          message,
          Map.of("requestId", fallback.value(), "flow", Taken.of(fallback).flow()));
    }
  }

  /** The body up to one byte more than is taken; the rest is read and forgotten. */
  private static byte[] body(ServerHttpRequest http) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    http.getBody()
        .doOnNext(
            buffer -> {
              try {
                keep(buffer, kept);
              } finally {
                DataBufferUtils.release(buffer);
              }
            })
        .then()
        .block(PATIENCE);
    return kept.toByteArray();
  }

  private static void keep(DataBuffer buffer, ByteArrayOutputStream kept) {
    int room = Topics.LARGEST_COMMAND + 1 - kept.size();
    int taken = Math.min(room, buffer.readableByteCount());
    if (taken > 0) {
      byte[] bytes = new byte[taken];
      buffer.toByteBuffer(0, ByteBuffer.wrap(bytes), 0, taken);
      kept.writeBytes(bytes);
    }
  }

  private static RequestId id(String given) {
    return RequestId.parse(given)
        .orElseThrow(
            () ->
                new ApiProblem(
                    400,
                    "invalid-request-id",
                    "The request id cannot be one: use 1 to 200 characters without control characters."));
  }

  /**
   * The header is a structured field, in which text stands in quotes; most clients leave them out.
   */
  private static String unquoted(String key) {
    String plain = key.strip();
    return plain.length() > 1 && plain.startsWith("\"") && plain.endsWith("\"")
        ? plain.substring(1, plain.length() - 1)
        : plain;
  }
}
