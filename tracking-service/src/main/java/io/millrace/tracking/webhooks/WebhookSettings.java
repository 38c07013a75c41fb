package io.millrace.tracking.webhooks;

import io.millrace.tracking.webhooks.outbound.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Webhooks ({@code millrace.webhooks.*}).
 *
 * @param allowedNetworks networks, in CIDR notation, that may be called although they are not
 *     public
 * @param allowHttp whether URLs with plain http are taken
 * @param allowedPorts the only ports that are called; all where empty
 * @param key 32 bytes in Base64 that encrypt the secrets at rest, the same on every replica
 * @param oldKeys keys that secrets may still be encrypted with
 * @param keyFile where the key is where {@code key} is not given; made with a random key if absent
 * @param authorities file with certificates (PEM) of authorities that are trusted beside those of
 *     the JVM
 * @param timeout longest call, 1 s to 1 min
 * @param retries waits before the second attempt, the third, and so on; after the last one the
 *     delivery has failed
 * @param jitter how much longer a wait may be, as a share of it, 0 to 1
 * @param holdBack how long a delivery that does not succeed holds back later ones with its key
 * @param disableAfter how long nothing may succeed before a webhook is disabled
 * @param concurrency calls at once of one replica, 1 to 1000
 * @param perWebhook calls at once to one webhook, of all replicas together
 * @param keep how long the log of deliveries is kept
 * @param poll how often the queue is looked at when nothing wakes it
 * @param most most webhooks
 * @param mostPending deliveries that may wait for one webhook; with more it is disabled
 */
@ConfigurationProperties("millrace.webhooks")
record WebhookSettings(
    @DefaultValue List<String> allowedNetworks,
    @DefaultValue("false") boolean allowHttp,
    @DefaultValue Set<Integer> allowedPorts,
    @DefaultValue("") String key,
    @DefaultValue List<String> oldKeys,
    @Nullable Path keyFile,
    @Nullable Path authorities,
    @DefaultValue("15s") Duration timeout,
    @DefaultValue({"5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"})
        List<Duration> retries,
    @DefaultValue("0.2") double jitter,
    @DefaultValue("5m") Duration holdBack,
    @DefaultValue("5d") Duration disableAfter,
    @DefaultValue("64") int concurrency,
    @DefaultValue("4") int perWebhook,
    @DefaultValue("30d") Duration keep,
    @DefaultValue("1s") Duration poll,
    @DefaultValue("1000") int most,
    @DefaultValue("100000") int mostPending) {

  WebhookSettings {
    allowedNetworks = List.copyOf(allowedNetworks);
    allowedPorts = Set.copyOf(allowedPorts);
    oldKeys = List.copyOf(oldKeys);
    retries = List.copyOf(retries);
    try {
      allowedNetworks.forEach(Network::parse);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(
          "millrace.webhooks.allowed-networks: " + wrong.getMessage(), wrong);
    }
    if (timeout.compareTo(Duration.ofSeconds(1)) < 0
        || timeout.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException(
          "millrace.webhooks.timeout is " + timeout + ", not 1s to 1m");
    }
    if (concurrency < 1 || concurrency > 1000 || perWebhook < 1 || perWebhook > concurrency) {
      throw new IllegalArgumentException(
          "millrace.webhooks.concurrency is %d and per-webhook %d; 1 to 1000, and not more per webhook"
              .formatted(concurrency, perWebhook));
    }
    if (jitter < 0 || jitter > 1 || retries.stream().anyMatch(Duration::isNegative)) {
      throw new IllegalArgumentException(
          "millrace.webhooks.retries are not negative, and jitter is 0 to 1");
    }
  }

  /** The networks as they are matched. */
  List<Network> networks() {
    return allowedNetworks.stream().map(Network::parse).toList();
  }

  @Override
  public String toString() {
    return "WebhookSettings[allowedNetworks=%s, allowHttp=%s, allowedPorts=%s, keyFile=%s, authorities=%s, timeout=%s, retries=%s, jitter=%s, holdBack=%s, disableAfter=%s, concurrency=%d, perWebhook=%d, keep=%s, poll=%s, most=%d, mostPending=%d]"
        .formatted(
            allowedNetworks,
            allowHttp,
            allowedPorts,
            keyFile,
            authorities,
            timeout,
            retries,
            jitter,
            holdBack,
            disableAfter,
            concurrency,
            perWebhook,
            keep,
            poll,
            most,
            mostPending);
  }
}
