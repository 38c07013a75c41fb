package io.millrace.tracking.webhooks;

import io.millrace.tracking.webhooks.outbound.Caller;
import io.millrace.tracking.webhooks.outbound.Exchange;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Signs a message and brings it to its receiver, once. */
@Component
class Courier {

  private final Caller caller;
  private final SecretBox box;
  private final Clock clock;

  Courier(Caller caller, SecretBox box, Clock clock) {
    this.caller = caller;
    this.box = box;
    this.clock = clock;
  }

  /** Calls; whatever goes wrong is in the result. */
  Exchange bring(Webhook webhook, String messageId, String body) {
    Instant now = clock.instant();
    List<String> secrets = new ArrayList<>();
    for (String sealed : sealed(webhook, now)) {
      Optional<String> secret = box.open(webhook.id(), sealed);
      if (secret.isEmpty()) {
        // Unsigned it would be refused, or worse: taken.
        return new Exchange(
            null,
            "",
            Duration.ZERO,
            "the secret cannot be decrypted with the keys in millrace.webhooks.key and old-keys; bring the key back or rotate the secret",
            null);
      }
      secrets.add(secret.get());
    }
    Map<String, String> headers =
        switch (webhook.form()) {
          case STANDARD -> Signatures.standard(messageId, now.getEpochSecond(), body, secrets);
          case MLFLOW -> Signatures.mlflow(messageId, now.getEpochSecond(), body, secrets);
        };
    return caller.post(webhook.url(), headers, body);
  }

  private static List<String> sealed(Webhook webhook, Instant now) {
    List<String> sealed = new ArrayList<>();
    @Nullable String current = webhook.secret();
    if (current != null) {
      sealed.add(current);
    }
    @Nullable String previous = webhook.previousSecret();
    @Nullable Instant until = webhook.previousUntil();
    if (previous != null && until != null && now.isBefore(until)) {
      sealed.add(previous);
    }
    return sealed;
  }
}
