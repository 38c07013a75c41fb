package io.millrace.tracking.webhooks;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.tracking.mlflow.ErrorCode;
import io.millrace.tracking.mlflow.MlflowApi;
import io.millrace.tracking.mlflow.MlflowException;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.mlflow.ProtoJson;
import io.millrace.tracking.paging.PageToken;
import io.millrace.tracking.webhooks.outbound.Exchange;
import io.millrace.tracking.webhooks.outbound.TargetGuard;
import io.millrace.tracking.webhooks.outbound.TargetRefused;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;

/** MLflow's calls about webhooks. */
@MlflowApi
class WebhookEndpoints {

  private static final int USUAL_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;
  private static final int LONGEST_DESCRIPTION = 1000;
  private static final int LONGEST_SECRET = 1000;

  private final Database database;
  private final Webhooks webhooks;
  private final WebhookDesk desk;
  private final TargetGuard guard;
  private final Clock clock;

  WebhookEndpoints(
      Database database, Webhooks webhooks, WebhookDesk desk, TargetGuard guard, Clock clock) {
    this.database = database;
    this.webhooks = webhooks;
    this.desk = desk;
    this.guard = guard;
    this.clock = clock;
  }

  @ProtoJson
  record EventMessage(RegistryEntity entity, RegistryAction action) {

    static EventMessage of(String topic) {
      RegistryTopic named = RegistryTopic.named(topic);
      return new EventMessage(named.entity(), named.action());
    }
  }

  @ProtoJson
  record WebhookMessage(
      String webhookId,
      String name,
      @Nullable String description,
      String url,
      List<EventMessage> events,
      WebhookStatus status,
      long creationTimestamp,
      long lastUpdatedTimestamp) {

    static WebhookMessage of(Webhook webhook) {
      return new WebhookMessage(
          webhook.id(),
          webhook.name(),
          webhook.description().isEmpty() ? null : webhook.description(),
          webhook.url(),
          webhook.subscription().types().stream().map(EventMessage::of).toList(),
          webhook.status(),
          webhook.createdAt().toEpochMilli(),
          webhook.updatedAt().toEpochMilli());
    }
  }

  @ProtoJson
  record One(WebhookMessage webhook) {}

  @ProtoJson
  record Many(List<WebhookMessage> webhooks, @Nullable String nextPageToken) {}

  @ProtoJson
  record Nothing() {}

  @ProtoJson
  record Result(
      boolean success,
      @Nullable Integer responseStatus,
      @Nullable String responseBody,
      @Nullable String errorMessage) {

    static Result of(Exchange exchange) {
      return new Result(
          exchange.succeeded(),
          exchange.status(),
          exchange.status() == null ? null : exchange.body(),
          exchange.error());
    }
  }

  @ProtoJson
  record Tested(Result result) {}

  @PostMapping("/webhooks")
  One create(MlflowMessage message, ServerHttpRequest request) {
    String name = name(message.required("name"));
    String url = message.required("url");
    List<String> topics = topics(message);
    if (topics.isEmpty()) {
      throw message.missing("events");
    }
    String description = description(message.textOrEmpty("description"));
    Optional<String> secret = secret(message);
    WebhookStatus status =
        message.constant("status", WebhookStatus.class).orElse(WebhookStatus.ACTIVE);
    requireCallable(url);
    return new One(
        WebhookMessage.of(
            desk.make(
                    new WebhookDesk.Wanted(
                        WebhookForm.MLFLOW,
                        name,
                        description,
                        url,
                        new Subscription(topics, List.of(), List.of(), List.of()),
                        status,
                        secret.orElse(null)),
                    Change.of(request))
                .orElseThrow(
                    () ->
                        MlflowException.invalid(
                            "There are as many webhooks as this server keeps; delete one first."))));
  }

  @GetMapping("/webhooks")
  Many list(MlflowMessage message) {
    long asked = message.int64("max_results").orElse((long) USUAL_PAGE);
    if (asked > LARGEST_PAGE) {
      throw message.outOfRange("max_results");
    }
    int limit = asked <= 0 ? USUAL_PAGE : (int) asked;
    long before = message.pageToken(1).map(token -> token.number(0)).orElse(Long.MAX_VALUE);
    List<Webhook> rows =
        database.read(tx -> webhooks.list(tx, WebhookForm.MLFLOW, before, limit + 1));
    List<Webhook> page = rows.subList(0, Math.min(limit, rows.size()));
    return new Many(
        page.stream().map(WebhookMessage::of).toList(),
        rows.size() > limit ? PageToken.after(page.getLast().number()) : null);
  }

  @GetMapping("/webhooks/{id}")
  One get(@PathVariable String id) {
    return new One(WebhookMessage.of(found(id)));
  }

  @PatchMapping("/webhooks/{id}")
  One update(@PathVariable String id, MlflowMessage message, ServerHttpRequest request) {
    found(id);
    Optional<String> name = given(message, "name").map(WebhookEndpoints::name);
    Optional<String> description = given(message, "description").map(WebhookEndpoints::description);
    Optional<String> url = given(message, "url");
    List<String> topics = topics(message);
    Optional<String> secret = secret(message);
    Optional<WebhookStatus> status = message.constant("status", WebhookStatus.class);
    url.ifPresent(this::requireCallable);
    return new One(
        WebhookMessage.of(
            desk.change(
                    id,
                    (tx, before) -> {
                      Webhook after =
                          before.described(
                              name.orElse(before.name()),
                              description.orElse(before.description()),
                              url.orElse(before.url()),
                              topics.isEmpty()
                                  ? before.subscription()
                                  : new Subscription(topics, List.of(), List.of(), List.of()));
                      if (secret.isPresent()) {
                        after = desk.resigned(after, secret.get(), Duration.ZERO);
                      }
                      return status.isPresent()
                          ? desk.turned(tx, after, status.get(), "disabled by request")
                          : after;
                    },
                    Change.of(request))
                .orElseThrow(() -> missing(id))));
  }

  @DeleteMapping("/webhooks/{id}")
  Nothing delete(@PathVariable String id, ServerHttpRequest request) {
    found(id);
    desk.delete(id, Change.of(request));
    return new Nothing();
  }

  @PostMapping("/webhooks/{id}/test")
  Tested test(@PathVariable String id, MlflowMessage message) {
    Webhook webhook = found(id);
    RegistryTopic topic =
        message
            .message("event")
            .map(WebhookEndpoints::topic)
            .orElseGet(() -> RegistryTopic.named(webhook.subscription().types().getFirst()));
    return new Tested(
        Result.of(desk.test(webhook, MlflowWebhookMessages.example(topic, clock.instant()))));
  }

  private Webhook found(String id) {
    return database
        .read(tx -> webhooks.find(tx, id))
        .filter(webhook -> webhook.form() == WebhookForm.MLFLOW)
        .orElseThrow(() -> missing(id));
  }

  private static MlflowException missing(String id) {
    return MlflowException.missing("Webhook with ID %s not found.".formatted(id));
  }

  /** An empty text is as if it were not there. */
  private static Optional<String> given(MlflowMessage message, String field) {
    return message.text(field).filter(text -> !text.isEmpty());
  }

  private static List<String> topics(MlflowMessage message) {
    return message.messages("events").stream()
        .map(event -> topic(event).name())
        .distinct()
        .collect(Collectors.toList());
  }

  private static RegistryTopic topic(MlflowMessage event) {
    RegistryEntity entity =
        event.constant("entity", RegistryEntity.class).orElseThrow(() -> event.missing("entity"));
    RegistryAction action =
        event.constant("action", RegistryAction.class).orElseThrow(() -> event.missing("action"));
    RegistryTopic topic = new RegistryTopic(entity, action);
    if (!topic.exists()) {
      throw MlflowException.invalid(
          "Invalid action '%s' for entity '%s'. Valid actions are: [%s]"
              .formatted(
                  action.lower(),
                  entity.lower(),
                  entity.actions().stream()
                      .map(valid -> "'" + valid.lower() + "'")
                      .collect(Collectors.joining(", "))));
    }
    return topic;
  }

  private Optional<String> secret(MlflowMessage message) {
    Optional<String> secret = given(message, "secret");
    secret.ifPresent(text -> Names.limited(text, "secret", LONGEST_SECRET));
    if (secret.isPresent() && !desk.keepsSecrets()) {
      throw new MlflowException(
          ErrorCode.INVALID_PARAMETER_VALUE,
          "Secrets are kept encrypted and no key is set: give millrace.webhooks.key or key-file to the server, or leave the secret out.");
    }
    return secret;
  }

  private static String name(String given) {
    if (!WebhookRules.isName(given)) {
      throw MlflowException.invalid(
          "Webhook name '%s' is invalid: it has %s.".formatted(given, WebhookRules.NAME_RULE));
    }
    return given;
  }

  private static String description(String given) {
    return Names.limited(given, "description", LONGEST_DESCRIPTION);
  }

  private void requireCallable(String url) {
    try {
      guard.checked(url);
    } catch (TargetRefused refused) {
      throw MlflowException.invalid(refused.words());
    }
  }
}
