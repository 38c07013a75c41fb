package io.millrace.tracking.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What follows from attempts. */
class WebhookTest {

  private static final Instant NOW = Instant.parse("2026-11-21T09:00:00Z");
  private static final WebhookSettings SETTINGS =
      new Binder(new MapConfigurationPropertySource(Map.of()))
          .bindOrCreate("millrace.webhooks", WebhookSettings.class);
  private static final Webhook WEBHOOK =
      Webhook.made(
          "wh_1",
          WebhookForm.STANDARD,
          "name",
          "",
          "https://a.example/",
          new Subscription(List.of(), List.of(), List.of(), List.of()),
          WebhookStatus.ACTIVE,
          null,
          0,
          NOW);

  private static Exchange answered(@Nullable Integer status, @Nullable Duration retryAfter) {
    return new Exchange(status, "", Duration.ZERO, status == null ? "refused" : null, retryAfter);
  }

  private static Verdict verdict(Exchange exchange, int attempt, double chance) {
    return Verdict.of(exchange, attempt, SETTINGS, NOW, chance);
  }

  @Test
  void isDeliveredByEveryStatusOfSuccessAndNoOther() {
    for (int status : new int[] {200, 201, 202, 204, 299}) {
      assertThat(verdict(answered(status, null), 1, 0)).isInstanceOf(Verdict.Delivered.class);
    }
    for (int status : new int[] {301, 302, 307, 400, 401, 404, 429, 500, 502, 503, 504}) {
      assertThat(verdict(answered(status, null), 1, 0)).isInstanceOf(Verdict.Again.class);
    }
    assertThat(verdict(answered(null, null), 1, 0)).isInstanceOf(Verdict.Again.class);
    assertThat(verdict(answered(410, null), 1, 0)).isInstanceOf(Verdict.Gone.class);
  }

  @Test
  void waitsByTheScheduleWithSpreadAndGivesUpAtItsEnd() {
    List<String> waits = List.of("5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h");
    for (int attempt = 1; attempt <= waits.size(); attempt++) {
      Duration wait = Duration.parse("PT" + waits.get(attempt - 1).toUpperCase());
      assertThat(verdict(answered(500, null), attempt, 0))
          .isEqualTo(new Verdict.Again(NOW.plus(wait)));
      assertThat(verdict(answered(500, null), attempt, 1))
          .isEqualTo(new Verdict.Again(NOW.plusMillis(wait.toMillis() * 12 / 10)));
    }
    assertThat(verdict(answered(500, null), waits.size() + 1, 0))
        .isInstanceOf(Verdict.GivenUp.class);
  }

  @Test
  void waitsAtLeastAsLongAsTheReceiverAsks() {
    assertThat(verdict(answered(429, Duration.ofMinutes(2)), 1, 0))
        .isEqualTo(new Verdict.Again(NOW.plusSeconds(120)));
    assertThat(verdict(answered(429, Duration.ofSeconds(1)), 1, 0))
        .isEqualTo(new Verdict.Again(NOW.plusSeconds(5)));
    assertThat(WEBHOOK.failed(NOW, Duration.ofSeconds(30)).pausedUntil())
        .isEqualTo(NOW.plusSeconds(30));
    assertThat(WEBHOOK.failed(NOW, Duration.ofDays(1)).pausedUntil())
        .isEqualTo(NOW.plusSeconds(300));
  }

  @Test
  void isProbedMoreAndMoreSeldomWhileNothingSucceeds() {
    Webhook webhook = WEBHOOK;
    for (int failure = 1; failure <= 4; failure++) {
      webhook = webhook.failed(NOW.plusSeconds(failure), null);
      assertThat(webhook.pausedUntil()).isNull();
      assertThat(webhook.doubtful()).isFalse();
    }
    long[] pauses = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
    for (long pause : pauses) {
      webhook = webhook.failed(NOW, null);
      assertThat(webhook.doubtful()).isTrue();
      assertThat(webhook.pausedUntil()).isEqualTo(NOW.plusSeconds(pause));
    }
    assertThat(webhook.failingSince()).isEqualTo(NOW.plusSeconds(1));
    Webhook well = webhook.succeeded();
    assertThat(well.failures()).isZero();
    assertThat(well.failingSince()).isNull();
    assertThat(well.pausedUntil()).isNull();
  }

  @Test
  void forgetsFailuresWhenItMovesOrIsEnabledAgain() {
    Webhook failing = WEBHOOK.failed(NOW, null).disabled("why", NOW);
    assertThat(failing.disabledReason()).isEqualTo("why");
    assertThat(failing.disabled("another", NOW.plusSeconds(1))).isEqualTo(failing);
    Webhook enabled = failing.enabled(42);
    assertThat(enabled.active()).isTrue();
    assertThat(enabled.disabledReason()).isNull();
    assertThat(enabled.failures()).isZero();
    assertThat(enabled.after()).isEqualTo(42);
    assertThat(enabled.enabled(99)).isEqualTo(enabled);
    assertThat(
            WEBHOOK
                .failed(NOW, null)
                .described("n", "", "https://b.example/", WEBHOOK.subscription())
                .failures())
        .isZero();
  }

  @Test
  void wantsWhatEveryListAdmits() {
    Subscription everything = new Subscription(List.of(), List.of(), List.of(), List.of());
    assertThat(everything.wants("RunEnded", null, null, null)).isTrue();
    Subscription narrow =
        new Subscription(List.of("ModelPromoted"), List.of("iris"), List.of("p"), List.of());
    assertThat(narrow.wants("ModelPromoted", "iris", "p", null)).isTrue();
    assertThat(narrow.wants("ModelRejected", "iris", "p", null)).isFalse();
    assertThat(narrow.wants("ModelPromoted", "other", "p", null)).isFalse();
    assertThat(narrow.wants("ModelPromoted", null, "p", null)).isFalse();
    assertThat(narrow.wants("ModelPromoted", "iris", null, null)).isFalse();
  }
}
