package io.millrace.tracking.webhooks;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.datasets.NearestName;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.paging.Page;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.webhooks.outbound.Exchange;
import io.millrace.tracking.webhooks.outbound.TargetGuard;
import io.millrace.tracking.webhooks.outbound.TargetRefused;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Webhooks as Standard Webhooks has them, and the log and the replay of both forms. */
@RestController
@RequestMapping("/api/v1/webhooks")
class WebhookController {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final int LONGEST_DESCRIPTION = 1000;
  private static final int LONGEST_FILTER = 100;
  private static final int LONGEST_FILTERED_NAME = 256;
  private static final int MOST_REPLAYED = 10_000;
  private static final Duration USUAL_OVERLAP = Duration.ofHours(24);
  private static final Duration LONGEST_OVERLAP = Duration.ofDays(7);

  private final Database database;
  private final Webhooks webhooks;
  private final Deliveries deliveries;
  private final FanOut fanOut;
  private final WebhookDesk desk;
  private final Dispatcher dispatcher;
  private final TargetGuard guard;
  private final Clock clock;

  WebhookController(
      Database database,
      Webhooks webhooks,
      Deliveries deliveries,
      FanOut fanOut,
      WebhookDesk desk,
      Dispatcher dispatcher,
      TargetGuard guard,
      Clock clock) {
    this.database = database;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.fanOut = fanOut;
    this.desk = desk;
    this.dispatcher = dispatcher;
    this.guard = guard;
    this.clock = clock;
  }

  /** A webhook as it is asked for; what is not given is left as it is. */
  record Given(
      @Nullable String name,
      @Nullable String url,
      @Nullable String description,
      @Nullable List<String> types,
      @Nullable List<String> models,
      @Nullable List<String> pipelines,
      @Nullable List<String> flows,
      @Nullable Boolean enabled,
      @Nullable String secret) {}

  record Rotation(@Nullable String secret, @Nullable String overlap) {}

  record Test(@Nullable String type) {}

  record Range(@Nullable Instant from, @Nullable Instant to, @Nullable Boolean delivered) {}

  /**
   * A webhook as it is shown.
   *
   * @param secret given once, in the answer to the call that made it
   * @param previousSecretUntil how long the secret before signs as well
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Shown(
      String id,
      WebhookForm form,
      String name,
      String url,
      String description,
      List<String> types,
      List<String> models,
      List<String> pipelines,
      List<String> flows,
      WebhookStatus status,
      @Nullable String disabledReason,
      @Nullable Instant disabledAt,
      int failures,
      @Nullable Instant failingSince,
      @Nullable Instant previousSecretUntil,
      Instant createdAt,
      Instant updatedAt,
      @Nullable String secret) {}

  /** The outcome of a test call. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Tested(
      boolean success,
      String type,
      @Nullable Integer responseStatus,
      String response,
      @Nullable String error,
      long latencyMillis) {

    static Tested of(Message example, Exchange exchange) {
      return new Tested(
          exchange.succeeded(),
          example.type(),
          exchange.status(),
          exchange.body(),
          exchange.error(),
          exchange.latency().toMillis());
    }
  }

  /** A delivery with everything. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Whole(
      @JsonUnwrapped Delivery delivery,
      List<Delivery.Attempt> attemptLog,
      @JsonRawValue String body) {}

  record Queued(int queued) {}

  @PostMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<Shown> create(@RequestBody byte[] body, ServerHttpRequest request) {
    Given given = read(body, Given.class);
    String name = name(required(given.name(), "name"));
    String url = url(required(given.url(), "url"));
    Subscription subscription =
        new Subscription(
            types(given.types()),
            filter(given.models(), "models"),
            filter(given.pipelines(), "pipelines"),
            filter(given.flows(), "flows"));
    String description = description(given.description() == null ? "" : given.description());
    String secret = secret(given.secret());
    Webhook made =
        desk.make(
                new WebhookDesk.Wanted(
                    WebhookForm.STANDARD,
                    name,
                    description,
                    url,
                    subscription,
                    Boolean.FALSE.equals(given.enabled())
                        ? WebhookStatus.DISABLED
                        : WebhookStatus.ACTIVE,
                    secret),
                Change.of(request))
            .orElseThrow(
                () ->
                    new ApiProblem(
                        409,
                        "too-many-webhooks",
                        "There are as many webhooks as millrace.webhooks.most allows; delete one first."));
    return ResponseEntity.created(URI.create("/api/v1/webhooks/" + made.id()))
        .body(shown(made, secret));
  }

  @GetMapping
  Page<Shown> list(
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    long before = PageToken.parse(pageToken, 1).map(key -> key.number(0)).orElse(Long.MAX_VALUE);
    return Page.of(
            database.read(tx -> webhooks.list(tx, null, before, limit + 1)),
            limit,
            webhook -> new Object[] {webhook.number()})
        .map(this::shown);
  }

  @GetMapping("/{id}")
  Shown get(@PathVariable String id) {
    return shown(found(id));
  }

  @PatchMapping(path = "/{id}", consumes = MediaType.APPLICATION_JSON_VALUE)
  Shown update(@PathVariable String id, @RequestBody byte[] body, ServerHttpRequest request) {
    Given given = read(body, Given.class);
    if (given.secret() != null) {
      throw new ApiProblem(
          422,
          "secret-is-rotated",
          "A secret is replaced by POST /api/v1/webhooks/%s/rotate, which lets receivers follow."
              .formatted(id));
    }
    Webhook there = found(id);
    if (there.form() == WebhookForm.MLFLOW) {
      throw new ApiProblem(
          409,
          "mlflow-webhook",
          "This webhook has MLflow's form; PATCH /api/2.0/mlflow/webhooks/%s changes it."
              .formatted(id));
    }
    String name = given.name() == null ? null : name(given.name());
    String url = given.url() == null ? null : url(given.url());
    String description = given.description() == null ? null : description(given.description());
    List<String> types = given.types() == null ? null : types(given.types());
    List<String> models = given.models() == null ? null : filter(given.models(), "models");
    List<String> pipelines =
        given.pipelines() == null ? null : filter(given.pipelines(), "pipelines");
    List<String> flows = given.flows() == null ? null : filter(given.flows(), "flows");
    return changed(
        id,
        (tx, before) -> {
          Subscription had = before.subscription();
          Webhook after =
              before.described(
                  name == null ? before.name() : name,
                  description == null ? before.description() : description,
                  url == null ? before.url() : url,
                  new Subscription(
                      types == null ? had.types() : types,
                      models == null ? had.models() : models,
                      pipelines == null ? had.pipelines() : pipelines,
                      flows == null ? had.flows() : flows));
          return given.enabled() == null
              ? after
              : desk.turned(
                  tx,
                  after,
                  given.enabled() ? WebhookStatus.ACTIVE : WebhookStatus.DISABLED,
                  "disabled by request");
        },
        request);
  }

  @DeleteMapping("/{id}")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void delete(@PathVariable String id, ServerHttpRequest request) {
    if (!desk.delete(id, Change.of(request))) {
      throw missing(id);
    }
  }

  @PostMapping("/{id}/enable")
  Shown enable(@PathVariable String id, ServerHttpRequest request) {
    return changed(id, (tx, before) -> desk.turned(tx, before, WebhookStatus.ACTIVE, ""), request);
  }

  @PostMapping("/{id}/disable")
  Shown disable(@PathVariable String id, ServerHttpRequest request) {
    return changed(
        id,
        (tx, before) -> desk.turned(tx, before, WebhookStatus.DISABLED, "disabled by request"),
        request);
  }

  @PostMapping("/{id}/rotate")
  Shown rotate(
      @PathVariable String id,
      @RequestBody(required = false) byte @Nullable [] body,
      ServerHttpRequest request) {
    Rotation given = read(body == null ? new byte[0] : body, Rotation.class);
    if (found(id).form() == WebhookForm.MLFLOW) {
      throw new ApiProblem(
          409,
          "mlflow-webhook",
          "MLflow's form has one signature; PATCH /api/2.0/mlflow/webhooks/%s replaces its secret at once."
              .formatted(id));
    }
    Duration overlap = overlap(given.overlap());
    String secret = secret(given.secret());
    Webhook changed =
        desk.change(id, (tx, before) -> desk.resigned(before, secret, overlap), Change.of(request))
            .orElseThrow(() -> missing(id));
    return shown(changed, secret);
  }

  @PostMapping("/{id}/test")
  Tested test(@PathVariable String id, @RequestBody(required = false) byte @Nullable [] body) {
    Test given = read(body == null ? new byte[0] : body, Test.class);
    Webhook webhook = found(id);
    Message example = example(webhook, given.type());
    return Tested.of(example, desk.test(webhook, example));
  }

  @GetMapping("/{id}/deliveries")
  Page<Delivery> deliveries(
      @PathVariable String id,
      @RequestParam(required = false) @Nullable DeliveryStatus status,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(defaultValue = "") String pageToken) {
    Page.limit(limit);
    long before = PageToken.parse(pageToken, 1).map(key -> key.number(0)).orElse(Long.MAX_VALUE);
    found(id);
    return Page.of(
        database.read(tx -> deliveries.list(tx, id, status, before, limit + 1)),
        limit,
        delivery -> new Object[] {delivery.id()});
  }

  @GetMapping("/{id}/deliveries/{delivery}")
  Whole delivery(@PathVariable String id, @PathVariable long delivery) {
    found(id);
    return database.read(
        tx ->
            new Whole(
                deliveries.find(tx, id, delivery).orElseThrow(() -> missingDelivery(id, delivery)),
                deliveries.attempts(tx, delivery),
                deliveries.body(tx, delivery)));
  }

  /** What has ended is queued once more; what still waits is attempted at once. */
  @PostMapping("/{id}/deliveries/{delivery}/replay")
  @ResponseStatus(HttpStatus.ACCEPTED)
  Delivery replay(@PathVariable String id, @PathVariable long delivery) {
    Delivery queued =
        database.inTransaction(
            tx -> {
              requireActive(webhooks.locked(tx, id).orElseThrow(() -> missing(id)));
              Delivery there =
                  deliveries
                      .find(tx, id, delivery)
                      .orElseThrow(() -> missingDelivery(id, delivery));
              long waiting =
                  there.status() == DeliveryStatus.PENDING
                      ? there.id()
                      : deliveries.repeat(tx, there.id());
              deliveries.hasten(tx, waiting);
              return deliveries.find(tx, id, waiting).orElseThrow();
            });
    dispatcher.wake();
    return queued;
  }

  @PostMapping(path = "/{id}/replay", consumes = MediaType.APPLICATION_JSON_VALUE)
  @ResponseStatus(HttpStatus.ACCEPTED)
  Queued replayRange(@PathVariable String id, @RequestBody byte[] body) {
    Range range = read(body, Range.class);
    Instant from = range.from();
    if (from == null) {
      throw new ApiProblem(
          422, "missing-field", "from is missing: the time of the first event, in ISO 8601.");
    }
    Instant to = range.to() == null ? clock.instant() : range.to();
    if (!from.isBefore(to)) {
      throw new ApiProblem(
          422, "invalid-range", "from (%s) is not before to (%s).".formatted(from, to));
    }
    int queued =
        database.inTransaction(
            tx -> {
              Webhook webhook = webhooks.locked(tx, id).orElseThrow(() -> missing(id));
              requireActive(webhook);
              return fanOut
                  .replay(
                      tx, webhook, from, to, Boolean.TRUE.equals(range.delivered()), MOST_REPLAYED)
                  .orElseThrow(
                      () ->
                          new ApiProblem(
                              422,
                              "too-many-events",
                              "More than %d events would be replayed; narrow the time."
                                  .formatted(MOST_REPLAYED)));
            });
    dispatcher.wake();
    return new Queued(queued);
  }

  private Webhook found(String id) {
    return database.read(tx -> webhooks.find(tx, id)).orElseThrow(() -> missing(id));
  }

  private Shown changed(
      String id,
      BiFunction<io.millrace.database.Tx, Webhook, Webhook> change,
      ServerHttpRequest request) {
    return shown(desk.change(id, change, Change.of(request)).orElseThrow(() -> missing(id)));
  }

  private Shown shown(Webhook webhook) {
    return shown(webhook, null);
  }

  private Shown shown(Webhook webhook, @Nullable String secret) {
    Instant until = webhook.previousUntil();
    return new Shown(
        webhook.id(),
        webhook.form(),
        webhook.name(),
        webhook.url(),
        webhook.description(),
        webhook.subscription().types(),
        webhook.subscription().models(),
        webhook.subscription().pipelines(),
        webhook.subscription().flows(),
        webhook.status(),
        webhook.disabledReason(),
        webhook.disabledAt(),
        webhook.failures(),
        webhook.failingSince(),
        until != null && until.isAfter(clock.instant()) ? until : null,
        webhook.createdAt(),
        webhook.updatedAt(),
        secret);
  }

  private Message example(Webhook webhook, @Nullable String given) {
    List<String> wanted = webhook.subscription().types();
    if (webhook.form() == WebhookForm.MLFLOW) {
      String topic = given == null ? wanted.getFirst() : given;
      if (!wanted.contains(topic)) {
        throw new ApiProblem(
            422,
            "invalid-type",
            "This webhook is not told of '%s' but of %s.".formatted(topic, wanted));
      }
      return MlflowWebhookMessages.example(RegistryTopic.named(topic), clock.instant());
    }
    String type =
        given != null
            ? types(List.of(given)).getFirst()
            : wanted.isEmpty() ? "ModelPromoted" : wanted.getFirst();
    return StandardMessages.example(type, clock.instant());
  }

  private static void requireActive(Webhook webhook) {
    if (!webhook.active()) {
      throw new ApiProblem(
          409,
          "webhook-disabled",
          "The webhook is disabled (%s); enable it first.".formatted(webhook.disabledReason()));
    }
  }

  private String secret(@Nullable String given) {
    if (!desk.keepsSecrets()) {
      throw new ApiProblem(
          409,
          "no-encryption-key",
          "Secrets are kept encrypted and no key is set: give millrace.webhooks.key (32 bytes in Base64) or key-file to every replica of tracking-service.");
    }
    if (given == null) {
      return Signatures.newSecret();
    }
    if (!Signatures.isSecret(given)) {
      throw new ApiProblem(
          422, "invalid-secret", "A secret is whsec_ followed by 24 to 64 bytes in Base64.");
    }
    return given;
  }

  private String url(String given) {
    try {
      guard.checked(given);
      return given;
    } catch (TargetRefused refused) {
      throw new ApiProblem(422, refused.reason().code(), refused.words());
    }
  }

  private static String name(String given) {
    if (!WebhookRules.isName(given)) {
      throw new ApiProblem(422, "invalid-name", "A name has " + WebhookRules.NAME_RULE + ".");
    }
    return given;
  }

  private static String description(String given) {
    if (given.length() > LONGEST_DESCRIPTION || given.indexOf('\0') >= 0) {
      throw new ApiProblem(
          422,
          "invalid-description",
          "A description has at most %d characters, none of them NUL."
              .formatted(LONGEST_DESCRIPTION));
    }
    return given;
  }

  private static List<String> types(@Nullable List<String> given) {
    List<String> types = filter(given, "types");
    Set<String> known = Set.copyOf(StandardMessages.types());
    for (String type : types) {
      if (!known.contains(type)) {
        throw new ApiProblem(
            422,
            "invalid-type",
            "There is no event '%s'%s. docs/events.md has them all."
                .formatted(
                    type,
                    NearestName.of(type, StandardMessages.types())
                        .map(near -> "; did you mean '" + near + "'?")
                        .orElse("")));
      }
    }
    return types;
  }

  private static List<String> filter(@Nullable List<String> given, String field) {
    if (given == null) {
      return List.of();
    }
    for (Object name : given) {
      if (!(name instanceof String text)
          || text.isBlank()
          || text.length() > LONGEST_FILTERED_NAME
          || text.indexOf('\0') >= 0) {
        throw new ApiProblem(
            422,
            "invalid-filter",
            "Each of %s is a name of 1 to %d characters.".formatted(field, LONGEST_FILTERED_NAME));
      }
    }
    if (given.size() > LONGEST_FILTER) {
      throw new ApiProblem(
          422, "invalid-filter", "%s has more than %d names.".formatted(field, LONGEST_FILTER));
    }
    return given.stream().distinct().toList();
  }

  private static Duration overlap(@Nullable String given) {
    Duration overlap;
    try {
      overlap = given == null ? USUAL_OVERLAP : DurationStyle.detectAndParse(given);
    } catch (IllegalArgumentException notADuration) {
      overlap = Duration.ofSeconds(-1);
    }
    if (overlap.isNegative() || overlap.compareTo(LONGEST_OVERLAP) > 0) {
      throw new ApiProblem(
          422, "invalid-overlap", "overlap is a duration such as 24h or PT30M, 0s to 7d.");
    }
    return overlap;
  }

  private static String required(@Nullable String value, String field) {
    if (value == null || value.isEmpty()) {
      throw new ApiProblem(422, "missing-field", field + " is missing.");
    }
    return value;
  }

  private static <T> T read(byte[] body, Class<T> type) {
    try {
      T read = body.length == 0 ? null : JSON.readValue(body, type);
      return read == null ? JSON.readValue("{}", type) : read;
    } catch (JacksonException wrong) {
      throw new ApiProblem(400, "malformed-json", firstLine(wrong.getOriginalMessage()));
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "The body is not JSON." : message.lines().findFirst().orElse("");
  }

  private static ApiProblem missing(String id) {
    return new ApiProblem(404, "webhook-not-found", "There is no webhook '%s'.".formatted(id));
  }

  private static ApiProblem missingDelivery(String id, long delivery) {
    return new ApiProblem(
        404,
        "delivery-not-found",
        "Webhook '%s' has no delivery %d; the log is kept for a time.".formatted(id, delivery));
  }
}
