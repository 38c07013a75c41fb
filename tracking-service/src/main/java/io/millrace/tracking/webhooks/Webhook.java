package io.millrace.tracking.webhooks;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A receiver and what it is told.
 *
 * @param number grows with each new webhook
 * @param disabledReason why it is told nothing; null while it is
 * @param secret encrypted; null where calls are not signed
 * @param previousSecret encrypted; signs as well until its time is over
 * @param failures failed calls since the last that succeeded
 * @param failingSince first of them; null where there is none
 * @param pausedUntil nothing is called before; null where there is no pause
 * @param after place in the history behind which events are told
 */
record Webhook(
    String id,
    long number,
    WebhookForm form,
    String name,
    String description,
    String url,
    Subscription subscription,
    WebhookStatus status,
    @Nullable String disabledReason,
    @Nullable Instant disabledAt,
    @Nullable String secret,
    @Nullable String previousSecret,
    @Nullable Instant previousUntil,
    int failures,
    @Nullable Instant failingSince,
    @Nullable Instant pausedUntil,
    long after,
    Instant createdAt,
    Instant updatedAt) {

  /** From here on it is called one at a time, with growing pauses. */
  private static final int DOUBTFUL = 5;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);

  static Webhook made(
      String id,
      WebhookForm form,
      String name,
      String description,
      String url,
      Subscription subscription,
      WebhookStatus status,
      @Nullable String secret,
      long after,
      Instant now) {
    return new Webhook(
        id,
        0,
        form,
        name,
        description,
        url,
        subscription,
        status,
        status == WebhookStatus.ACTIVE ? null : "made disabled",
        status == WebhookStatus.ACTIVE ? null : now,
        secret,
        null,
        null,
        0,
        null,
        null,
        after,
        now,
        now);
  }

  /** Scheme, host and port of its address, which are no secret. */
  String origin() {
    URI address = URI.create(url);
    return address.getScheme()
        + "://"
        + address.getHost()
        + (address.getPort() < 0 ? "" : ":" + address.getPort());
  }

  /** What a person has made different from an earlier state of it. */
  List<String> changesFrom(Webhook before) {
    Map<String, Function<Webhook, @Nullable Object>> parts = new LinkedHashMap<>();
    parts.put("name", Webhook::name);
    parts.put("url", Webhook::url);
    parts.put("description", Webhook::description);
    parts.put("types", webhook -> webhook.subscription.types());
    parts.put("models", webhook -> webhook.subscription.models());
    parts.put("pipelines", webhook -> webhook.subscription.pipelines());
    parts.put("flows", webhook -> webhook.subscription.flows());
    parts.put("status", Webhook::status);
    parts.put("secret", Webhook::secret);
    return parts.entrySet().stream()
        .filter(part -> !Objects.equals(part.getValue().apply(this), part.getValue().apply(before)))
        .map(Map.Entry::getKey)
        .toList();
  }

  boolean active() {
    return status == WebhookStatus.ACTIVE;
  }

  /** Whether so much has failed that it is only probed. */
  boolean doubtful() {
    return failures >= DOUBTFUL;
  }

  Webhook described(String newName, String newDescription, String newUrl, Subscription wanted) {
    // A new address is given its chance at once.
    boolean moved = !newUrl.equals(url);
    return new Webhook(
        id,
        number,
        form,
        newName,
        newDescription,
        newUrl,
        wanted,
        status,
        disabledReason,
        disabledAt,
        secret,
        previousSecret,
        previousUntil,
        moved ? 0 : failures,
        moved ? null : failingSince,
        moved ? null : pausedUntil,
        after,
        createdAt,
        updatedAt);
  }

  Webhook signedWith(
      @Nullable String newSecret, @Nullable String oldSecret, @Nullable Instant until) {
    return new Webhook(
        id,
        number,
        form,
        name,
        description,
        url,
        subscription,
        status,
        disabledReason,
        disabledAt,
        newSecret,
        oldSecret,
        until,
        failures,
        failingSince,
        pausedUntil,
        after,
        createdAt,
        updatedAt);
  }

  Webhook disabled(String reason, Instant now) {
    return active()
        ? standing(WebhookStatus.DISABLED, reason, now, failures, failingSince, null, after)
        : this;
  }

  /** Told again of what follows a place in the history; failures are forgotten. */
  Webhook enabled(long head) {
    return active() ? this : standing(WebhookStatus.ACTIVE, null, null, 0, null, null, head);
  }

  Webhook succeeded() {
    return standing(status, disabledReason, disabledAt, 0, null, null, after);
  }

  /**
   * One more failure.
   *
   * @param asked how long the receiver wants to be left alone; null where it does not say
   */
  Webhook failed(Instant now, @Nullable Duration asked) {
    int count = failures + 1;
    Duration pause = asked == null ? Duration.ZERO : min(asked, LONGEST_PAUSE);
    if (count >= DOUBTFUL) {
      Duration grown = FIRST_PAUSE.multipliedBy(1L << Math.min(count - DOUBTFUL, 12));
      pause = max(pause, min(grown, LONGEST_PAUSE));
    }
    return standing(
        status,
        disabledReason,
        disabledAt,
        count,
        failingSince == null ? now : failingSince,
        pause.isZero() ? null : now.plus(pause),
        after);
  }

  private Webhook standing(
      WebhookStatus newStatus,
      @Nullable String reason,
      @Nullable Instant at,
      int newFailures,
      @Nullable Instant since,
      @Nullable Instant paused,
      long place) {
    return new Webhook(
        id,
        number,
        form,
        name,
        description,
        url,
        subscription,
        newStatus,
        reason,
        at,
        secret,
        previousSecret,
        previousUntil,
        newFailures,
        since,
        paused,
        place,
        createdAt,
        updatedAt);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
